import t from "tap";
import { ethernet, udp, vxlan } from "../capture/packets.js";
import { vxlan as wire } from "../../lib/wire/vxlan.js";
import { chooseAlike, real, type HeldFormat } from "./held.js";

const format: HeldFormat = {
  worn: (outer) => ({ kind: "vxlan", port: 8472, vni: 4096, outer }),
  wrap: (inner, { port = 0, vni = 0 }, change = "") => {
    const frame = ethernet(inner);
    const header = vxlan(change === "another VNI" ? 77 : vni, frame);
    if (change === "no VNI") header[0] = 0;
    if (change === "generic, a frame") [header[0], header[3]] = [0x0c, 3];
    const body = Buffer.concat([header.subarray(0, 8), inner]);
    if (change === "generic, IP") {
      [body[0], body[3]] = [0x0c, inner.readUInt8(0) >> 4 === 4 ? 1 : 2];
      return { protocol: 17, body: udp(50_000, port, body) };
    }
    return { protocol: 17, body: udp(50_000, change === "another port" ? 4790 : port, header) };
  },
  same: ["generic, a frame"],
  other: ["another VNI", "another port"],
  unfiltered: ["generic, IP"],
};

t.test("VXLAN: filter and dissector choose the same packets, those of the flow", real, (t) => {
  chooseAlike(t, format);
  t.end();
});

t.test("VXLAN: evidence without an identifier means the network 0", (t) => {
  const worn = { kind: "vxlan", port: 4789, outer: 4 } as const;
  t.strictSame(wire.reach(worn, 4), wire.reach({ ...worn, vni: 0 }, 4));
  t.end();
});
