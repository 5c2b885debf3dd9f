import { readFileSync } from "node:fs";
import t from "tap";
import { nameFlow, parseFlowTrace } from "../../lib/linux/vswitch/flow-trace.js";

/** Open vSwitch 3.1 and OVN 23.03, as `ofproto/trace` prints them. */
const recorded = (name: string): string =>
  readFileSync(new URL(`../fixtures/ovn/flows/${name}.txt`, import.meta.url), "utf8");

t.test("what the flow tables do with a packet, and the flow that drops it", async (t) => {
  t.match(parseFlowTrace(recorded("delivered")), { kind: "output", actions: /^ct\(commit.*tnl_push/ });
  t.match(parseFlowTrace(recorded("ping")), { kind: "output" });
  t.strictSame(parseFlowTrace(recorded("drop")), {
    kind: "drop",
    at: { bridge: "br-int", table: 0, text: "tcp,in_port=2,tp_dst=8080, priority 200, cookie 0xbad" },
    isTracked: false,
  });
  const tracked = parseFlowTrace(recorded("drop-behind-tracking"));
  t.match(tracked, {
    kind: "drop",
    at: { table: 20, text: /priority 60000, cookie 0xbad$/ },
    isTracked: true,
  });
});

t.test("a table without a flow for it, an empty bridge, and what is no trace", async (t) => {
  const trace = (lines: string): string => `bridge("br0")\n----\n${lines}\nDatapath actions: drop\n`;
  const none = parseFlowTrace(trace(" 0. priority 0\n    resubmit(,9)\n 9. No match.\n    drop\n"));
  t.match(none, { at: { bridge: "br0", table: 9, text: "No match." } });
  t.equal(none?.kind === "drop" && nameFlow(none.at), "no flow of table 9 of br0 fits, which");
  const quiet = parseFlowTrace(trace(" 0. arp, priority 5\n    load:0x1->NXM_NX_REG0[]"));
  t.equal(quiet?.kind === "drop" && nameFlow(quiet.at), 'the flow "arp, priority 5" of table 0 of br0');
  t.equal(parseFlowTrace(trace("")), undefined, "nothing can be named");
  for (const text of ["", "ovs-appctl: no bridge", "0. x\n    drop"])
    t.equal(parseFlowTrace(text), undefined);
  t.match(
    parseFlowTrace(` 0. x\n${"    drop\n".repeat(50_000)}Datapath actions: drop`) ?? null,
    null,
    "bounded",
  );
});
