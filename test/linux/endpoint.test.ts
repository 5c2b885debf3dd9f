import t from "tap";
import { bracketIp, formatAddress, parseAddress, parsePort } from "../../lib/linux/endpoint.js";
import { fc } from "../fixtures/property.js";

t.test("an address with a port", async (t) => {
  t.strictSame(parseAddress("[fd00::1]:80"), { ip: "fd00::1", port: 80 });
  t.strictSame(parseAddress("[fd00::1]"), { ip: "fd00::1", port: null });
  t.strictSame(parseAddress("FD00::1"), { ip: "fd00::1", port: null });
  t.strictSame(parseAddress("1.2.3.4:80"), { ip: "1.2.3.4", port: 80 });
  const none = [
    "[1.2.3.4]:80",
    "1.2.3.4:",
    "fe80::1%eth0",
    "[fd00::1",
    "1.2.3",
    "1.2.3.4:0",
    "1.2.3.4:65536",
  ];
  t.strictSame(none.map(parseAddress).filter(Boolean), []);
  t.strictSame(["1", "65535", "0", "65536", "080808", "-1", ""].map(parsePort), [
    1,
    65_535,
    ...new Array<undefined>(5).fill(undefined),
  ]);
  t.equal(bracketIp("::1"), "[::1]");
});

t.test("what is written is read again", async () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.ipV4(), fc.ipV6()),
      fc.option(fc.integer({ min: 1, max: 65_535 })),
      (text, port) => {
        const { ip } = parseAddress(text)!;
        const back = parseAddress(formatAddress({ ip, port }));
        return back?.ip === ip && back.port === port;
      },
    ),
  );
});
