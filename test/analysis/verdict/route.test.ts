import t from "tap";
import { hopOf, Places } from "../../../lib/analysis/verdict/route.js";
import { FLOW } from "../cause/kit.js";

t.test("a place that is no hop of a flow is never taken for one", async (t) => {
  const route = new Places({ flows: [FLOW], records: [], dir: t.testdir() }).route(FLOW);
  t.equal(route.blind.length, FLOW.hops.length, "there is no capture");
  t.throws(() => hopOf(route, 0), { message: "Place 0 is no hop of this flow: this is a defect" });
});
