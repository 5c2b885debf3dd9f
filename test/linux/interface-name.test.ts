import t from "tap";
import { isInterfaceName, isPlainInterfaceName } from "../../lib/linux/interface-name.js";

t.test("names that can be arguments", async (t) => {
  const bad = ["", "..", ".", "-i", "a b", "a/b", "a\u0000", "sixteen-bytes-xx", "ééééééééé", "a\u202e"];
  t.strictSame(bad.filter(isInterfaceName), []);
  t.strictSame(bad.filter(isPlainInterfaceName), []);
  const good = ["lo", "eth0.100", "vxlan.x", "veth1234567@x", "br-0", "_a"];
  t.strictSame(good.filter(isInterfaceName), good);
  t.strictSame(good.filter(isPlainInterfaceName), good);
  t.ok(isInterfaceName("é0"));
  t.notOk(isPlainInterfaceName("é0"), "not every name can stand in a sysctl's");
});
