import t from "tap";
import { unknownNode } from "../../../lib/cluster/index.js";

t.test("the unknown node of a pod has a name that no other has", async (t) => {
  t.equal(unknownNode("shop/a"), "node-of-shop.a");
});
