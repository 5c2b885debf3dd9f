import t from "tap";
import { formatOfLink, wornBy } from "../../lib/wire/registry.js";
import { ethernet } from "../capture/packets.js";
import { greHeader, type GreOptions } from "./gre.js";
import { chooseAlike, real, type HeldFormat, type Wrapping } from "./held.js";

const IP = { 4: 0x0800, 6: 0x86dd } as const;
const CHANGES: Readonly<Record<string, Partial<GreOptions>>> = {
  "a checksum": { checksum: true },
  "a sequence number": { sequence: 7 },
  "checksum and sequence number": { checksum: true, sequence: 7 },
  "another key": { key: 6 },
  "no key": { key: undefined },
  "a route": { routing: true },
  "another version": { version: 1 },
};

/** GRE around IP packets, or frames. */
function format(kind: "gre" | "gretap", key: number | undefined): HeldFormat {
  const carry = (inner: Buffer): { type: number; carried: Buffer } =>
    kind === "gretap"
      ? { type: 0x6558, carried: ethernet(inner) }
      : { type: IP[inner.readUInt8(0) >> 4 === 4 ? 4 : 6], carried: inner };
  return {
    worn: (outer) => ({ kind, outer, ...(key === undefined ? {} : { vni: key }) }),
    wrap(inner, _worn, change = ""): Wrapping {
      const { type, carried } = carry(inner);
      const header = greHeader({ type: change === "another type" ? 0x88cc : type, key, ...CHANGES[change] });
      return { protocol: 47, body: Buffer.concat([header, carried]) };
    },
    same: [],
    other: ["a route", "another version", "another type"],
    unfiltered: ["a checksum", "a sequence number", "checksum and sequence number"],
  };
}

for (const kind of ["gre", "gretap"] as const) {
  const keyed = format(kind, 0xfffffff5);
  t.test(`${kind} with a key: filter and dissector choose the same packets, those of the flow`, real, (t) => {
    chooseAlike(t, { ...keyed, other: [...keyed.other, "another key", "no key"] });
    t.end();
  });
  const any = format(kind, undefined);
  t.test(`${kind} without a key: filter and dissector choose the same packets`, real, (t) => {
    chooseAlike(t, { ...any, unfiltered: [...(any.unfiltered ?? []), "another key"] });
    t.end();
  });
}

t.test("GRE: the devices that put packets into it, and their keys", (t) => {
  const link = (kind: string, data: Record<string, unknown>) => wornBy({ kind, data }, 4);
  t.strictSame(link("gre", { ikey: "0.0.1.5", okey: "0.0.1.5" }), { kind: "gre", vni: 261, outer: 4 });
  t.strictSame(link("gre", { ikey: "7", okey: 7 }), { kind: "gre", vni: 7, outer: 4 });
  t.strictSame(link("ip6gretap", {}), { kind: "gretap", outer: 4 });
  t.equal(link("gretap", { ikey: "0.0.0.5", okey: "0.0.0.6" }), null, "a key for each direction");
  for (const more of ["iseq", "oseq", "icsum", "ocsum", "external"])
    t.equal(link("gre", { [more]: true }), null);
  for (const key of ["0.0.0.256", "x", -1, 2 ** 32, null])
    t.strictSame(link("gretap", { ikey: key, okey: key }), { kind: "gretap", outer: 4 });
  t.strictSame(
    ["gre", "ip6gre", "gretap", "ip6gretap", "erspan"].map((kind) => formatOfLink(kind)?.kind),
    ["gre", "gre", "gretap", "gretap", "erspan"],
  );
  t.end();
});
