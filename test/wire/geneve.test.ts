import t from "tap";
import { openersOf } from "../../lib/wire/open.js";
import { wireOf, wornBy } from "../../lib/wire/registry.js";
import { dissectFrame } from "../../lib/analysis/dissect/dissect.js";
import { Packet } from "../../lib/analysis/dissect/packet.js";
import { summarise } from "../../lib/analysis/dissect/summarise.js";
import { ethernet, icmp, ip, udp } from "../capture/packets.js";
import { chooseAlike, real, type HeldFormat } from "./held.js";

interface Header {
  readonly vni: number;
  readonly optionWords?: number;
  readonly version?: number;
  readonly type?: number;
}

function geneve({ vni, optionWords = 0, version = 0, type = 0x6558 }: Header, carried: Buffer): Buffer {
  const head = [
    (version << 6) | optionWords,
    0,
    type >> 8,
    type & 0xff,
    vni >> 16,
    (vni >> 8) & 0xff,
    vni & 0xff,
    0,
  ];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(optionWords * 4, 0x6b), carried]);
}

const CHANGES: Readonly<Record<string, Partial<Header>>> = {
  "one option": { optionWords: 2 },
  "as many options as fit": { optionWords: 63 },
  "another VNI": { vni: 77 },
  "another version": { version: 1 },
  "of no type that is read": { type: 0x0099 },
};

const typeOf = (packet: Buffer): number => (packet.readUInt8(0) >> 4 === 4 ? 0x0800 : 0x86dd);

const format: HeldFormat = {
  worn: (outer) => ({ kind: "geneve", port: 6081, vni: 0x123456, outer }),
  wrap: (inner, { port = 0, vni = 0 }, change = "") => ({
    protocol: 17,
    body: udp(
      50_000,
      change === "another port" ? 6082 : port,
      change === "an IP packet in place of a frame"
        ? geneve({ vni, type: typeOf(inner) }, inner)
        : geneve({ vni, ...CHANGES[change] }, ethernet(inner)),
    ),
  }),
  same: ["one option", "as many options as fit"],
  other: ["another VNI", "another version", "of no type that is read", "another port"],
  unfiltered: ["an IP packet in place of a frame"],
};

t.test("Geneve: filter and dissector choose the same packets, those of the flow", real, (t) => {
  chooseAlike(t, format);
  t.end();
});

t.test("Geneve: a device that is told the network with each packet takes all", real, (t) => {
  const any: HeldFormat = {
    ...format,
    worn: (outer) => ({ kind: "geneve", port: 6081, outer }),
    same: [...format.same, "another VNI"],
    other: format.other.filter((change) => change !== "another VNI"),
  };
  chooseAlike(t, any);
  t.end();
});

t.test("Geneve: the device says the network", (t) => {
  const link = (data: Record<string, unknown>) => wornBy({ kind: "geneve", data }, 4);
  t.strictSame(link({ id: 5, remote: "10.0.0.2", port: 6081 }), {
    kind: "geneve",
    port: 6081,
    vni: 5,
    outer: 4,
  });
  t.strictSame(link({ external: true, id: 0, port: 6081 }), { kind: "geneve", port: 6081, outer: 4 });
  t.equal(link({ external: true }), null);
  t.equal(link({ id: 2 ** 24, port: 6081 }), null);
  t.equal(link({ id: 5, port: 0 }), null);
  t.end();
});

t.test("Geneve: a header that is cut stays closed, and the summary names the network", (t) => {
  const packet = new Packet();
  const inner = ethernet(ip({ src: "10.1.0.5", dst: "10.1.1.7", protocol: 1, body: icmp(8) }));
  const body = udp(50_000, 6081, geneve({ vni: 9, optionWords: 2 }, inner));
  const frame = ethernet(ip({ src: "10.77.0.11", dst: "10.77.0.12", protocol: 17, body }));
  const read = (bytes: number): Packet => {
    const kind = { tunnels: openersOf(null) };
    dissectFrame(frame.subarray(0, bytes), { at: 0, capturedBytes: bytes, linktype: 1 }, kind, packet);
    return packet;
  };
  t.match(summarise(read(frame.length), frame), /^ICMP echo request .*, in Geneve 9$/);
  for (const bytes of [14 + 28 + 7, 14 + 28 + 8 + 3, 14 + 28 + 16 + 13]) t.equal(read(bytes).worn, null);
  t.equal(wireOf({ kind: "geneve", port: 6081, outer: 6 })?.format.title, "Geneve");
  t.end();
});
