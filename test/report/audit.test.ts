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
const TERMINAL = { color: false, width: 100, unicode: true };
const read = (audit: Partial<Audit>): string => reportAudit({ ...AUDIT, ...audit }, TERMINAL);

t.test(
  "the answer first, a fault with what says so and what to do; a node's words do nothing to a terminal",
  async (t) => {
    const fine: AuditStatement = { ...FAULT, severity: "fine", direction: null };
    t.equal(
      read({ statements: [FAULT, fine, fine, { ...fine, check: "mtu" }] }),
      `1 FAULT: packets would not get through
shop/client (10.0.0.1) → shop/web (10.0.0.2), TCP port 80: judged by state alone, nothing was sent

✖ pod shop/web on node-a, eth0 (request): eth0 is down
    ip link: eth0:\\x1b[2J not up
    → See the switch

✔ found well: links 2, mtu (--output json has each)
`,
    );
    t.match(
      reportAudit({ ...AUDIT, statements: [FAULT, FAULT] }, { ...TERMINAL, unicode: false, width: 40 }),
      /^2 FAULTS: packets would not get through\nshop\/client \(10.0.0.1\) -> shop\/web\n[^]*\nX pod shop/,
    );
  },
);

t.test("what is open is not said to be well; a port or an address is said once", async (t) => {
  const fine: AuditStatement = { ...FAULT, severity: "fine", direction: null };
  t.match(
    read({ statements: [fine], status: "clean", port: null }),
    /^No fault in the state of the nodes\n.*TCP: judged/,
  );
  const warned = read({ statements: [{ ...fine, severity: "warning" }], status: "clean" });
  t.match(warned, /^No fault in the state of the nodes; 1 warning\n[^]*\n▲ warning: pod shop/);
  const open = read({ statements: [{ ...fine, severity: "doubt", next: null }], status: "undecided" });
  t.match(open, /^No fault in what could be judged; 1 thing not known\n[^]*\n▲ not known: pod shop/);
  t.notMatch(open, "found well");
  const to = { text: "10.0.0.2:80", ip: "10.0.0.2", node: null };
  t.match(read({ to }), "→ 10.0.0.2:80, TCP: judged");
});
