import { BlockList } from "node:net";
import t from "tap";
import {
  bytesOf,
  canonicalIp,
  containsIp,
  familyOf,
  formatBytes,
  isLinkLocal,
  parsePrefix,
  unmapIp,
  withoutZone,
} from "../../lib/linux/address.js";
import { fc } from "../fixtures/property.js";

t.test("an address has one spelling", async (t) => {
  const cases: readonly [string, string | undefined][] = [
    ["10.0.0.1", "10.0.0.1"],
    ["FD00:0:0::1", "fd00::1"],
    ["::FFFF:10.0.0.1", "::ffff:a00:1"],
    ["::1.2.3.4", "::102:304"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["fe80::1%eth0", undefined],
    ["10.0.0", undefined],
    ["10.0.1", undefined],
    ["010.0.0.1", undefined],
    ["0x0a.0.0.1", undefined],
    ["167772161", undefined],
    ["10.0.0.256", undefined],
    [" 10.0.0.1", undefined],
    ["1::2::3", undefined],
    ["::ffff:010.0.0.1", undefined],
    ["", undefined],
  ];
  t.strictSame(
    cases.map(([text]) => [text, canonicalIp(text)]),
    cases,
  );
  t.strictSame(["10.0.0.1", "::1", "fe80::1%1", "x"].map(familyOf), [4, 6, undefined, undefined]);
  t.strictSame(["fe80::1%eth0", "10.0.0.1"].map(withoutZone), ["fe80::1", "10.0.0.1"]);
  t.strictSame(["::ffff:10.0.0.1", "::10.0.0.1", "10.0.0.1", "no"].map(unmapIp), [
    "10.0.0.1",
    "::10.0.0.1",
    "10.0.0.1",
    "no",
  ]);
});

t.test("link-local addresses are those of fe80::/10", (t) => {
  const local = ["fe80::1", "febf:ffff::1", "FE80::ecee:eeff:feee:eeee"];
  const others = ["fec0::1", "fd00::1", "169.254.1.1", "fe80", ""];
  t.strictSame([...local, ...others].filter(isLinkLocal), local);
  t.end();
});

t.test("addresses keep their bytes", async (t) => {
  t.strictSame(bytesOf("10.77.0.255"), [10, 77, 0, 255]);
  t.strictSame(bytesOf("::1.2.3.4")?.slice(10), [0, 0, 1, 2, 3, 4]);
  t.equal(bytesOf("10.0.0"), undefined);
  t.equal(formatBytes([1, 2, 3]), undefined);
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const canonical = text.includes(":") ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : text;
      return canonicalIp(text) === canonical && formatBytes(bytesOf(text) ?? []) === canonical;
    }),
    { numRuns: 2000 },
  );
});

t.test("a prefix holds what Node's own block list says", async (t) => {
  const cases = ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/", "fd00::/129", "x/8", "10.0.0/8"];
  t.strictSame(cases.map(parsePrefix).filter(Boolean), []);
  t.strictSame(parsePrefix("10.0.0.1"), { family: 4, bytes: [10, 0, 0, 1], lengthBits: 32 });
  const inside = (prefix: string, ip: string): boolean => containsIp(parsePrefix(prefix)!, ip);
  t.notOk(inside("::/0", "10.0.0.1"), "never of the other family");
  t.notOk(inside("0.0.0.0/0", "no address"));
  const prefixes = fc.oneof(
    fc.tuple(fc.ipV4(), fc.nat(32), fc.ipV4(), fc.constant("ipv4" as const)),
    fc.tuple(fc.ipV6(), fc.nat(128), fc.ipV6(), fc.constant("ipv6" as const)),
  );
  fc.assert(
    fc.property(prefixes, ([base, length, ip, family]) => {
      const list = new BlockList();
      list.addSubnet(base, length, family);
      return (
        inside(`${base}/${length}`, ip) === list.check(ip, family) &&
        inside(`${base}/${length}`, base) === true
      );
    }),
    { numRuns: 1000 },
  );
});

t.test("no text makes it throw", async () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:.%/]{0,50}$/)), (text) => {
      const canonical = canonicalIp(text);
      parsePrefix(text);
      unmapIp(text);
      return canonical === undefined || canonicalIp(canonical) === canonical;
    }),
    { numRuns: 2000 },
  );
});
