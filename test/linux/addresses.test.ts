import t from "tap";
import { parseAddresses } from "../../lib/linux/addresses.js";

t.test("a device's addresses; what is none is left out", async (t) => {
  const found = parseAddresses([
    { local: "FD00::1", prefixlen: 64, scope: "global", tentative: true, dynamic: false, deprecated: null },
    { local: "10.0.0.1", prefixlen: 32, address: "10.0.0.2", label: "ppp0" },
    { local: "10.0.0" },
    {},
  ]);
  const none = { prefixBits: null, scope: null, peer: null, label: null, flags: [] };
  t.strictSame(found, [
    { ...none, ip: "fd00::1", prefixBits: 64, scope: "global", flags: ["tentative", "deprecated"] },
    { ...none, ip: "10.0.0.1", prefixBits: 32, peer: "10.0.0.2", label: "ppp0" },
  ]);
});
