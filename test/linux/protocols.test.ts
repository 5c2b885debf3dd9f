import t from "tap";
import { protocolOf } from "../../lib/linux/protocols.js";

t.test("protocols by name and by number, as far as a header's byte goes", async (t) => {
  t.equal(protocolOf("TCP"), 6);
  t.equal(protocolOf("255"), 255);
  t.equal(protocolOf("256"), undefined);
  t.equal(protocolOf("no-such"), undefined);
});
