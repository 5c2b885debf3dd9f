import t from "tap";
import { makeLineWriter } from "../../lib/live/line-writer.js";
import type { OpenedPoint } from "../../lib/live/pcapng-writer.js";

const point = (name: string): OpenedPoint => ({
  point: { id: name, node: "n", name, description: "", filter: "", snaplenBytes: 320 },
  header: { linktype: 1, snaplenBytes: 320 },
  clock: "",
});
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const half = (value: number): string => value.toString(16).padStart(4, "0");
const ETHERNET = "020000000002 020000000001 0800";

/** A frame of 10.0.0.1 to 10.0.0.2. */
function frame(protocol: "tcp" | "udp", ports: readonly [number, number], payload: Buffer): Buffer {
  const head =
    protocol === "udp"
      ? hex(half(ports[0]) + half(ports[1]) + half(8 + payload.length) + "0000")
      : hex(`${half(ports[0])}${half(ports[1])}00000001000000025018ffff00000000`);
  const ip = `4500${half(20 + head.length + payload.length)}00010000 40${protocol === "udp" ? "11" : "06"}0000 0a000001 0a000002`;
  return Buffer.concat([hex(ETHERNET + ip), head, payload]);
}

function lineOf(bytes: Buffer, { color = false, name = "shop/eth0@a" } = {}): string {
  const writer = makeLineWriter({ color });
  t.equal(writer.begin().length + writer.open(0, point(name)).length, 0);
  const line = writer.packet(
    0,
    { place: 0, timeUs: 1_700_000_000_123_456, wireBytes: bytes.length, bytes },
    [],
  );
  return Buffer.from(line).toString();
}

const DNS = "1234 0100 0001 0000 0000 0000 03 777777 02 6c62 00 0001 0001";

t.test("a line says when, where and what", async (t) => {
  t.equal(
    lineOf(frame("udp", [5000, 53], hex(DNS))),
    "22:13:20.123456  shop/eth0@a  UDP 10.0.0.1:5000 → 10.0.0.2:53, 24 B payload, 52 B: DNS asks for www.lb A\n",
  );
  const answer = DNS.replace("0100", "8183");
  t.match(lineOf(frame("udp", [53, 5000], hex(answer))), ": DNS www.lb A: NXDOMAIN\n");
  const tcp = (text: string): string => lineOf(frame("tcp", [5000, 80], Buffer.from(text)));
  t.match(tcp("GET /x HTTP/1.1\r\nHost: web\r\n\r\n"), "[P.] seq 1 ack 2 len 30, 70 B: HTTP GET /x of web\n");
  t.match(tcp("GET /x HTTP/1.1\r\n\r\n"), ": HTTP GET /x\n");
  t.match(tcp("HTTP/1.1 503 Service Unavailable\r\n\r\n"), ": HTTP 503 Service Unavailable\n");
  t.match(lineOf(frame("tcp", [443, 5000], hex("15 0303 0002 02 28"))), ": TLS alert handshake_failure\n");
  t.match(lineOf(frame("tcp", [443, 5000], hex("14 0303 0001 01"))), ": TLS encrypted from here on\n");
  t.match(tcp("something else"), "len 14, 54 B\n");
  t.match(lineOf(frame("udp", [5000, 9], Buffer.from("x"))), "1 B payload, 29 B\n");
});

t.test("what is within a tunnel is said, and what carries it", async (t) => {
  const inner = frame("udp", [5000, 53], hex(DNS));
  const vxlan = Buffer.concat([hex("0800000000100000"), inner]);
  t.match(
    lineOf(frame("udp", [40_000, 4789], vxlan)),
    /10\.0\.0\.1:5000 → .*, in VXLAN 4096: DNS asks for www\.lb A\n/,
  );
});

t.test(
  "points have colours where there are any, and names their width; nothing of a packet reaches the terminal",
  async (t) => {
    t.match(
      lineOf(frame("udp", [1, 9], Buffer.from("x")), { color: true }),
      "\u001b[36mshop/eth0@a\u001b[39m",
    );
    const hostile = "a\u001b[2J\nb";
    t.notMatch(
      lineOf(frame("tcp", [1, 80], Buffer.from(`GET /${hostile} HTTP/1.1\r\n\r\n`)), { name: hostile }),
      /\p{Cc}\S/u,
    );
    t.match(lineOf(Buffer.from("nothing")), "not IP");
    const writer = makeLineWriter({ color: false });
    writer.open(0, point("ab@n"));
    writer.open(1, point("abcdef@n"));
    const packet = { place: 0, timeUs: 1e30, wireBytes: 1, bytes: Buffer.alloc(1) };
    t.equal(Buffer.from(writer.packet(0, packet, [])).toString(), "--:--:--.------  ab@n      not IP\n");
    t.equal(writer.packet(7, packet, []).length, 0);
    const counts = { captured: null, received: null, droppedByKernel: null, droppedByInterface: null };
    t.equal(
      writer.counts(0, { counts, delivered: 0, leftOut: 0, startUs: 0, nowUs: 0, marks: [] }).length,
      0,
    );
    const marks = [{ timeMs: 1_700_000_000_001, text: "mark: a\u001b[1m rollout" }];
    const said = "22:13:20.001000  mark: a\\x1b[1m rollout\n";
    t.equal(
      Buffer.from(writer.packet(0, packet, marks))
        .toString()
        .split("--:--")[0],
      said,
    );
    const closing = writer.counts(0, { counts, delivered: 0, leftOut: 0, startUs: 0, nowUs: 0, marks });
    t.equal(Buffer.from(closing).toString(), said);
  },
);
