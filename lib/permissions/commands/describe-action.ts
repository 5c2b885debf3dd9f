import { ACTIONS } from "./actions.js";

/** What the arguments of an action's programs may be, in words; what is not here takes any that its rule lets through. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  ip: "show, list or get of link, address, route, rule, neigh, netns, tunnel, nexthop, netconf",
  bridge: "show of fdb, link, vlan, mdb",
  sysctl: "names below net to read; no assignment, no file, no key",
  nstat: "with -a and -s; no daemon, no history file",
  nft: "list …",
  ss: "flags that list",
  conntrack: "-L, -C, -S, -G",
  ethtool: "queries of one device",
  cat: "the network's state in /proc/net, /proc/sys/net and /sys/class/net, and the machine's counters",
  crictl: "pods, ps, version, info",
  ping: "with a count, no flood",
  curl: "GET or HEAD of http(s); no upload, no file",
  tc: "show of qdisc, class, filter, chain",
  ipset: "list",
  ipvsadm: "-L",
  hostname: "flags only; no name",
};

const ARGUMENTS_OF: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "capture/pull": { cat: "one capture file by its absolute path" },
  "runtime/inspect": { crictl: "inspect, inspectp" },
};

/** The commands that may run under the name of an action, for people; `capture/pull` is one file by cat. */
export function commandsOf(action: string): string[] {
  const rule = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (rule === undefined) return [];
  if (rule.scope === "mutate") return ["what fits a declared and a granted pattern of permissions.mutate"];
  if (rule.scope === "shell") return ["any program with any arguments"];
  const words = { ...ARGUMENTS, ...ARGUMENTS_OF[action] };
  const programs = Object.keys(rule.programs).map((name) => {
    const text = words[name];
    return text === undefined ? name : `${name}: ${text}`;
  });
  const scripts = rule.scripts.map((name) => `script ${name}: of hopbook, known to the letter`);
  return [...programs, ...scripts];
}

/** The same as indented lines under the action's name. */
export function describeAction(action: string): string[] {
  const rule = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (rule === undefined) return [];
  const netns = rule.entersNetns ? " (also in a pod's network namespace)" : "";
  return [`  ${action} may run${netns}:`, ...commandsOf(action).map((line) => `    ${line}`)];
}
