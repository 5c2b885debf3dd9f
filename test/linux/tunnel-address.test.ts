import t from "tap";
import { tunnelAddress } from "../../lib/linux/tunnel-address.js";

t.test("an address of a tunnel, as any version of iproute2 prints it", async (t) => {
  t.equal(tunnelAddress({ local: "10.0.0.1" }, "local"), "10.0.0.1");
  t.equal(tunnelAddress({ remote6: "FD00::1" }, "remote"), "fd00::1", "IPv6 has a name of its own");
  for (const any of ["any", "0.0.0.0", "::", "", 7, null, "no address"])
    t.equal(tunnelAddress({ remote: any }, "remote"), null, String(any));
  t.equal(tunnelAddress({}, "remote"), null);
});
