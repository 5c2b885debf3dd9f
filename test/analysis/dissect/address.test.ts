import { isIPv4, isIPv6 } from "node:net";
import t from "tap";
import { formatIp, parseIp } from "../../../lib/analysis/dissect/address.js";
import { fc } from "../../fixtures/property.js";

t.test("reads and writes addresses", async (t) => {
  const cases: readonly [string, string][] = [
    ["10.0.255.1", "10.0.255.1"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["::1", "::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"],
    ["2001:db8:0:1:2:3:4:5", "2001:db8:0:1:2:3:4:5"],
    ["1::", "1::"],
    ["::ffff:10.1.2.3", "::ffff:a01:203"],
  ];
  for (const [text, shown] of cases) {
    const address = parseIp(text);
    t.equal(address && formatIp(address.version, address.words), shown, text);
  }
  for (const text of ["", "shop/web", "10.0.0", "10.0.0.256", "1::2::3"])
    t.equal(parseIp(text), undefined, text);
});

t.test("what is read is what was written", async () => {
  const words = fc.tuple(fc.integer(), fc.integer(), fc.integer(), fc.integer());
  const sparse = fc.array(fc.constantFrom(0, 0, 1, 0x10000, -1), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(fc.oneof(words, sparse), fc.constantFrom(4, 6), (list, version) => {
      const text = formatIp(version, list);
      const back = parseIp(text)!;
      const same =
        version === 4
          ? back.words[0] === (list[0] | 0)
          : back.words.every((word, i) => word === (list[i]! | 0));
      return same && (version === 4 ? isIPv4(text) : isIPv6(text));
    }),
    { numRuns: 2000 },
  );
});
