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

t.test("VXLAN: a device that is told the network with each packet has none of its own", (t) => {
  const worn = wire.wornBy({ kind: "vxlan", data: { external: true, id: 0, port: 8472 } }, 4);
  t.strictSame(worn, { kind: "vxlan", port: 8472, outer: 4 });
  t.equal(wire.wornBy({ kind: "vxlan", data: { external: true } }, 4), null);
  t.strictSame(wire.wornBy({ kind: "vxlan", data: { id: 7, port: 4789 } }, 6), {
    ...{ kind: "vxlan", vni: 7, port: 4789, outer: 6 },
  });
  t.equal(wire.wornBy({ kind: "vxlan", data: {} }, 4), null);
  const { guards } = wire.reach({ kind: "vxlan", port: 8472, outer: 4 }, 4);
  t.strictSame(guards, ["udp dst port 8472", "udp[28:2]=0x0800"]);
  t.end();
});
