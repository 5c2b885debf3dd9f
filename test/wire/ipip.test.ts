import t from "tap";
import { formatOfLink, localEndOf, remoteEndOf, wornBy } from "../../lib/wire/registry.js";
import { ipip } from "../../lib/wire/ipip.js";
import { chooseAlike, real, type HeldFormat } from "./held.js";

const NUMBER = { 4: 4, 6: 41 } as const;
const versionOf = (inner: Buffer): 4 | 6 => (inner.readUInt8(0) >> 4 === 4 ? 4 : 6);

const format: HeldFormat = {
  worn: (outer) => ({ kind: "ipip", outer }),
  wrap: (inner, _worn, change = "") => {
    const version = versionOf(inner);
    const other = version === 4 ? 6 : 4;
    const protocol = NUMBER[change === "the other version's number" ? other : version];
    return { protocol, body: inner };
  },
  same: [],
  other: ["the other version's number"],
};

t.test("IPIP: filter and dissector choose the same packets, those of the flow", real, (t) => {
  chooseAlike(t, format);
  t.end();
});

t.test("IPIP: the devices that put packets into it", (t) => {
  const shared = {
    kind: "ipip",
    data: { proto: "ipip", remote: "any", local: "any", ttl: 0, pmtudisc: false },
  };
  t.strictSame(wornBy(shared, 4), { kind: "ipip", outer: 4 });
  t.equal(remoteEndOf(shared), null, "one device for all nodes: the route's gateway says which");
  t.equal(localEndOf(shared), null);
  t.equal(remoteEndOf({ kind: "ipip", data: { remote: "10.77.0.12" } }), "10.77.0.12");
  t.strictSame(
    ["ip6tnl", "sit", "ipip"].map((kind) => formatOfLink(kind)?.kind),
    ["ipip", "ipip", "ipip"],
  );
  t.strictSame(["veth", null].map(formatOfLink), [null, null]);
  t.end();
});

t.test("IPIP: what is cut before the inner header ends is no packet of it", (t) => {
  const bytes = Buffer.alloc(40, 0x45);
  const peel = (end: number): boolean =>
    ipip.peel(bytes, 20, { end, protocol: 4, innerAt: 0, innerType: 0, tunnelId: -1 });
  t.strictSame([40, 39].map(peel), [true, false]);
  t.end();
});
