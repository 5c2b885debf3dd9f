import t from "tap";
import { ACTIONS, declared, effective, findArgvFault, parseGrant } from "../../../lib/permissions/index.js";
import type { Via } from "../../../lib/model/access.js";

const NAMES = Object.keys(ACTIONS);
const IN_POD = ["nsenter", "--net=/var/run/netns/cni-1"];

const PLAIN: readonly (readonly string[])[] = [
  ["crictl", "pods", "-o", "json"],
  ["crictl", "inspect", "abc"],
  ["crictl", "inspectp", "abc"],
  ["iptables-save"],
  ["ip", "-j", "route"],
  ["cat", "/proc/net/snmp"],
  ["ping", "-c", "1", "192.0.2.1"],
];
const COMMANDS = PLAIN.flatMap((argv) => [
  argv,
  [...IN_POD, ...argv],
  ["nsenter", "--net=/proc/1/ns/net", ...argv],
  [`/usr/sbin/${argv[0] ?? ""}`, ...argv.slice(1)],
]);

const DECLARED = declared({
  node: { via: ["ssh", "podExec"], select: ["*"] },
  exec: NAMES.filter((name) => ACTIONS[name]?.scope === undefined),
  capture: { duration: "1m", bytes: "1MiB" },
  traffic: ["ping"],
  mutate: ["crictl **", "iptables-save", "ip **", "cat **", "ping **", "nsenter **", "/usr/sbin/ip **"],
  shell: true,
});

function allows(argv: readonly string[], action: string, denyExec?: string, via: Via = "ssh"): boolean {
  const flags = { allowAll: true, ...(denyExec === undefined ? {} : { denyExec }) };
  const policy = effective(DECLARED, parseGrant(flags));
  return policy.check({ kind: "exec", node: "node-a", via, action, argv }).allowed;
}

t.test("a denial that another action's name got around", async (t) => {
  t.notOk(allows(["crictl", "inspect", "abc"], "runtime/pods", "runtime/inspect"));
  t.notOk(allows(["crictl", "inspect", "abc"], "runtime/pods"), "nor is it one of runtime/pods at all");
  t.notOk(allows(["iptables-save"], "netns/read", "node/read"), "the node's own rules");
  t.notOk(allows(["iptables-save"], "netns/read"), "netns/read is of a pod's namespace");
  t.notOk(allows(["nsenter", "--net=/proc/1/ns/net", "iptables-save"], "netns/read", "node/read"));
  t.notOk(allows(["iptables-save"], "node/mutate", "node/read"), "as a command that changes something");
  t.notOk(allows(["timeout", "5", "iptables-save"], "node/shell", "node/read"), "behind a wrapper");
  t.notOk(allows(["ping", "-f", "192.0.2.1"], "node/mutate", "netns/probe"), "traffic of another kind");
});

t.test("a denial reaches no further than what it names", async (t) => {
  t.ok(allows(["crictl", "pods"], "runtime/pods", "runtime/inspect"));
  t.ok(allows(["iptables-save"], "node/read", "netns/read"));
  t.ok(allows([...IN_POD, "iptables-save"], "netns/read", "node/read"));
  t.ok(allows(["iptables-save"], "netns/read", "node/read", "podExec"), "a way that leads into a pod alone");
});

t.test("whatever a command is called: where an action is denied that it fits, it does not run", async (t) => {
  const actions = NAMES.filter((name) => !/^n(etns|ode)\/read$/.test(name));
  let tried = 0;
  for (const argv of COMMANDS) {
    for (const denial of actions.filter((name) => findArgvFault(name, argv) === undefined)) {
      for (const action of NAMES) {
        tried += 1;
        if (allows(argv, action, denial)) t.fail(`${argv.join(" ")} as ${action}, where ${denial} is denied`);
      }
    }
  }
  t.ok(tried > 50, `${tried} were tried`);
});
