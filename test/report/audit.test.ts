import t from "tap";
import { reportAudit } from "../../lib/report/audit.js";
import type { Audit, AuditStatement } from "../../lib/model/audit/audit.js";

const FAULT: AuditStatement = {
  ...{ check: "links", severity: "fault", direction: "request", what: "eth0 is down" },
  place: { node: "node-a", pod: "shop/web", device: "eth0" },
  evidence: [{ command: "ip link", line: "eth0:\u001b[2J not up" }],
  next: "See the switch",
};
const AUDIT: Audit = {
  ...{ apiVersion: "hopbook.dev/v1", kind: "Audit", protocol: "tcp", port: 80, status: "fault" },
  from: { text: "shop/client", ip: "10.0.0.1", node: "node-a" },
  to: { text: "shop/web", ip: "10.0.0.2", node: "node-b" },
  statements: [FAULT],
};
const read = (audit: Partial<Audit>): string => reportAudit({ ...AUDIT, ...audit }, { color: false });

t.test(
  "a fault with what says so, and what to do; what a node printed does nothing to a terminal",
  async (t) => {
    const text = read({});
    t.match(text, "FAULT    pod shop/web on node-a, eth0 (request): eth0 is down\n");
    t.match(text, "-> See the switch");
    t.match(text, /TCP port 80: judged by state alone/);
    t.match(text, "1 fault: packets would not get through.");
    t.notMatch(text, "\u001b");
  },
);

t.test("what is fine takes a line, what is open is not said to be well", async (t) => {
  const fine: AuditStatement = { ...FAULT, severity: "fine", direction: null };
  t.equal(read({ statements: [fine], status: "clean", port: null }).split("\n").length, 4);
  t.match(read({ statements: [fine], status: "clean" }), "No fault in the state of the nodes.");
  t.match(read({ statements: [{ ...fine, severity: "warning" }], status: "clean" }), "nodes; 1 warning.");
  t.match(read({ statements: [{ ...fine, severity: "doubt" }], status: "undecided" }), /1 doubt stand/);
});
