import t from "tap";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openCapture } from "../../../lib/packets/open.js";
import { keyOf } from "../../../lib/share/key.js";
import { Mapping } from "../../../lib/share/mapping/mapping.js";
import { makeNeedles } from "../../../lib/share/needles.js";
import { openPcapngWriter } from "../../../lib/share/packets/capture-writer.js";
import { rewriteCapture } from "../../../lib/share/packets/capture.js";
import { PacketRewriter } from "../../../lib/share/packets/rewriter.js";
import { USUAL_OPENERS } from "../../../lib/wire/open.js";
import { concat, ethernet, ip, pcap, tcp, udp } from "../../analysis/helpers/packets.js";

/** Files of every form that a run folder may hold, and what is left of packets where payload is kept. */

const ENDS = { source: "192.168.174.129", destination: "192.168.218.65" };
const SAID = "GET /orders HTTP/1.1\r\nHost: db.acme.internal\r\n\r\n";

/** A question for the PTR record of an address, RFC 1035, 4.1. */
function question(labels: readonly string[]): Buffer {
  const name = labels.flatMap((label) => [label.length, ...Buffer.from(label)]);
  return concat([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], name, [0, 0, 12, 0, 1]);
}

const PTR = ["129", "174", "168", "192", "in-addr", "arpa"];
const FRAMES = [
  ethernet(
    ip({ ...ENDS, protocol: 6 }, tcp({ sourcePort: 40000, destinationPort: 80, seq: 1 }, Buffer.from(SAID))),
  ),
  ethernet(ip({ ...ENDS, protocol: 17 }, udp(40001, 53, question(PTR)))),
];
const PLAIN = pcap(FRAMES.map((bytes, index) => ({ timeUs: 1e6 + index, bytes })));

function read(
  path: string,
): { readonly bytes: Buffer; readonly device: string | null; readonly ns: string }[] {
  const reader = openCapture(path);
  const packets = [];
  try {
    while (reader.next()) {
      const bytes = Buffer.from(reader.bytes.subarray(reader.at, reader.at + reader.capturedBytes));
      packets.push({
        bytes,
        device: reader.interface,
        ns: JSON.stringify(reader.time(), (_, value: unknown) =>
          typeof value === "bigint" ? value.toString() : value,
        ),
      });
    }
  } finally {
    reader.close();
  }
  return packets;
}

async function share(
  source: string,
  options: { readonly keepsPayload?: boolean } = {},
): Promise<{
  readonly packets: ReturnType<typeof read>;
  readonly mapping: Mapping;
}> {
  const mapping = new Mapping(Buffer.alloc(32, 7));
  const target = `${source}.shared`;
  const rewriter = new PacketRewriter(mapping, {
    ...{ openers: USUAL_OPENERS, keepsPayload: false, tags: [], secret: mapping.secret, ...options },
  });
  const { damage } = await rewriteCapture({ source, target, label: source, rename: () => "dev0" }, rewriter);
  if (damage !== null) throw new Error(damage);
  return { packets: read(target), mapping };
}

t.test("pcap, the same compressed, and pcapng come to the same packets", async (t) => {
  const dir = t.testdir({ "plain.pcap": PLAIN, "packed.pcap.gz": gzipSync(PLAIN) });
  const plain = await share(join(dir, "plain.pcap"));
  t.strictSame((await share(join(dir, "packed.pcap.gz"))).packets, plain.packets);

  const reader = openCapture(join(dir, "plain.pcap"));
  const writer = openPcapngWriter(join(dir, "many.pcapng"));
  while (reader.next()) {
    const { at, capturedBytes, wireBytes, linktype } = reader;
    const bytes = Uint8Array.from(reader.bytes.subarray(at, at + capturedBytes));
    writer.add({
      ...{ bytes, capturedBytes, wireBytes, linktype, interfaceIndex: 3, time: reader.time() },
      ...{ interface: "cali12345678901", direction: null },
    });
  }
  writer.close();
  reader.close();
  const ng = await share(join(dir, "many.pcapng"));
  t.strictSame(
    ng.packets.map(({ bytes, ns }) => ({ bytes, ns })),
    plain.packets.map(({ bytes, ns }) => ({ bytes, ns })),
  );
  t.strictSame(
    ng.packets.map(({ device }) => device),
    ["dev0", "dev0"],
    "names of devices are others",
  );
});

t.test("a compressed file that is cut is written as far as it goes, and told", async (t) => {
  const packed = gzipSync(PLAIN);
  const dir = t.testdir({ "cut.pcap.gz": packed.subarray(0, packed.length - 20) });
  await t.rejects(share(join(dir, "cut.pcap.gz")), /./);
});

t.test("payload that is kept is as it was, in packets whose addresses are others", async (t) => {
  const dir = t.testdir({ "kept.pcap": PLAIN, "cut.pcap": PLAIN });
  const kept = await share(join(dir, "kept.pcap"), { keepsPayload: true });
  t.ok(kept.packets[0]?.bytes.includes(SAID), "to the letter, names in it too");
  const cut = await share(join(dir, "cut.pcap"));
  t.notOk(cut.packets[0]?.bytes.includes("acme"));
  for (const { packets } of [kept, cut]) {
    t.strictSame(
      packets.map(({ bytes }) => bytes.length),
      FRAMES.map(({ length }) => length),
    );
    for (const { bytes } of packets) t.notOk(bytes.includes(Buffer.from([192, 168, 174, 129])));
  }
});

t.test("a PTR question asks for the pseudonym, and the original is looked for in the packets", async (t) => {
  const dir = t.testdir({ "ptr.pcap": PLAIN });
  const { packets, mapping } = await share(join(dir, "ptr.pcap"));
  const told = Buffer.from(packets[1]?.bytes ?? []).toString("latin1");
  const [, ...labels] = /\x03(\d{3})\x03(\d{3})\x03(\d{3})\x03(\d{3})\x07in-addr\x04arpa/.exec(told) ?? []; // eslint-disable-line no-control-regex
  const source = packets[1]!.bytes.subarray(26, 30);
  t.strictSame(labels.reverse().map(Number), [...source], "the address that the packet comes from");
  const needles = makeNeedles(keyOf(mapping));
  t.ok(needles.inBytes(FRAMES[1]!).size > 0, "as it was it would have been found");
  t.ok(needles.inText("PTR 129.174.168.192.in-addr.arpa.").has("192.168.174.129"));
  t.ok(needles.inText("http://3232280193/").has("192.168.174.129"));
  for (const { bytes } of packets) t.strictSame([...needles.inBytes(bytes)], []);
});
