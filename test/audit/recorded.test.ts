import t from "tap";
import { readFileSync } from "node:fs";
import { auditPath } from "../../lib/audit/audit.js";
import type { AuditStatement } from "../../lib/model/audit/audit.js";
import type { CauseInput } from "../../lib/model/cause.js";

/** What nodes really said under a fault, with the check that has to say so by that alone. */
const FAULTS: Readonly<Record<string, string>> = {
  "fdb-gone": "tunnels",
  "fdb-wrong": "tunnels",
  "forward-drop-a": "rules",
  "forward-drop-b": "rules",
  "ingress-drop-b": "rules",
  "input-drop-b": "rules",
  "neigh-gone": "tunnels",
  "neigh-mac-wrong": "tunnels",
  "network-policy": "rules",
  "nic-b-down": "links",
  "no-listener": "listener",
  "pod-drop": "rules",
  "reject-b": "rules",
  "reply-drop-b": "rules",
  "route-gone-a": "routes",
  "route-gone-b": "routes",
  "rp-filter-b": "rp-filter",
  "tunnel-b-down": "links",
};

interface Recorded {
  readonly input: CauseInput;
  readonly texts: Readonly<Record<string, string>>;
}

function audit(fault: string): readonly AuditStatement[] {
  const probe = fault === "no-listener" ? "tcp" : "icmp";
  const file = new URL(`../fixtures/state/${fault}/${probe}.json`, import.meta.url);
  const { input, texts } = JSON.parse(readFileSync(file, "utf8")) as Recorded;
  const looks = { state: input.state, readText: (path: string) => texts[path] };
  return auditPath(input.flow, { looks, protocol: probe, port: null }).statements;
}

for (const [fault, check] of Object.entries(FAULTS)) {
  t.test(`${fault} is named by the state alone`, async (t) => {
    const faults = audit(fault).filter(({ severity }) => severity === "fault");
    const shown = faults.map((one) => `${one.check}: ${one.what}`).join("\n");
    t.ok(
      faults.some((one) => one.check === check),
      shown,
    );
    for (const one of faults) t.ok(one.evidence.length > 0 && one.next !== null, one.what);
  });
}

t.test("what the nodes do not show is no fault, and what was not read is not fine", async (t) => {
  for (const fault of ["none", "underlay-cut", "mtu-hole"]) {
    const statements = audit(fault);
    t.strictSame(
      statements.filter(({ severity }) => severity === "fault").map(({ what }) => what),
      [],
      fault,
    );
  }
  t.ok(
    audit("none").some(({ severity }) => severity === "doubt"),
    "a healthy run reads counters alone",
  );
});
