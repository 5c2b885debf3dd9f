import { CONTAINER_EXEC, CONTAINER_EXEC_NAME } from "../../model/exec/container-exec.js";
import { SNAPSHOT_NAME } from "../../model/snapshot.js";
import * as rules from "./argv-rules.js";
import type { ArgumentRule } from "./argv-rules.js";
import * as reads from "./read-rules.js";

/** A named action: what it is for, and every command that may be run under its name. */
export interface ActionRule {
  /** For the question to the person. */
  readonly summary: string;
  /** Whether it may enter a pod's network namespace by `nsenter --net=PATH`. */
  readonly entersNetns: boolean;
  /** Programs by name, with a look at their arguments; null: any arguments. */
  readonly programs: Readonly<Record<string, ArgumentRule | null>>;
  /** Constant scripts (`sh -c TEXT NAME …`) by their name; a final `*` stands for any ending. */
  readonly scripts: readonly string[];
  /** A scope that has to be granted beside the action. */
  readonly needs?: "capture" | "traffic";
  /** A command of a runbook's own may go under its name: its programs only read. */
  readonly readsOnly?: true;
  /** The scope whose patterns decide, in place of the lists here. */
  readonly scope?: "mutate" | "shell";
}

const READ_PROGRAMS: Readonly<Record<string, ArgumentRule>> = {
  ip: rules.readsByIp,
  bridge: rules.readsByBridge,
  sysctl: rules.readsBySysctl,
  nstat: rules.readsByNstat,
  "iptables-save": rules.readsByIptablesSave,
  "ip6tables-save": rules.readsByIptablesSave,
  "iptables-legacy-save": rules.readsByIptablesSave,
  "ip6tables-legacy-save": rules.readsByIptablesSave,
  "iptables-nft-save": rules.readsByIptablesSave,
  "ip6tables-nft-save": rules.readsByIptablesSave,
  nft: rules.readsByNft,
  ss: rules.readsBySs,
  conntrack: rules.readsByConntrack,
  ethtool: rules.readsByEthtool,
  cat: rules.readsKernelFiles,
  tc: reads.readsByTc,
  ipset: reads.readsByIpset,
  ipvsadm: reads.readsByIpvsadm,
  uname: reads.readsByUname,
  uptime: reads.readsByUptime,
  hostname: reads.readsByHostname,
  lsmod: reads.readsByLsmod,
};

/**
 * crictl(1), the verbs that list and inspect. Before the verb only options whose value is known to be one: an unknown
 * one would make a verb look like its value, and the word behind it the verb.
 */
const readsByCrictl =
  (verbs: ReadonlySet<string>): ArgumentRule =>
  (args) => {
    let at = 0;
    while (/^(-r|-t|--runtime-endpoint|--timeout)$/.test(args[at] ?? "")) at += 2;
    const verb = args[at] ?? "";
    return verbs.has(verb) ? undefined : `${JSON.stringify(verb)} is none of ${[...verbs].join(", ")}`;
  };

/** Without crictl what a runtime runs is asked of others, who tell all at once. */
const OTHER_RUNTIMES = "hopbook-runtime*";

/** Every action there is. What is not in here cannot be run, whatever a runbook declares. */
export const ACTIONS: Readonly<Record<string, ActionRule>> = {
  "runtime/pods": {
    summary: "list the pods and containers of the node's runtime",
    entersNetns: false,
    programs: { crictl: readsByCrictl(new Set(["pods", "ps", "version", "info"])) },
    scripts: [OTHER_RUNTIMES, "hopbook-crictl"],
    readsOnly: true,
  },
  "runtime/inspect": {
    summary: "inspect pods: process, network namespace, CNI result",
    entersNetns: false,
    programs: { crictl: readsByCrictl(new Set(["inspect", "inspectp"])) },
    scripts: [OTHER_RUNTIMES, "hopbook-inspectp", "hopbook-cni-cache"],
    readsOnly: true,
  },
  "node/read": {
    summary: "read routes, links, neighbours, firewall rules and counters",
    entersNetns: false,
    programs: READ_PROGRAMS,
    scripts: [
      "hopbook-tools*",
      SNAPSHOT_NAME,
      "hopbook-switch-trace",
      "hopbook-machine",
      "hopbook-agent-policy",
      "hopbook-agent-drops",
    ],
    readsOnly: true,
  },
  "netns/read": {
    summary: "read the same in a pod's network namespace",
    entersNetns: true,
    programs: READ_PROGRAMS,
    scripts: ["hopbook-tools*", SNAPSHOT_NAME, "hopbook-flow-trace"],
    readsOnly: true,
  },
  "netns/tcpdump": {
    summary: "capture packets with tcpdump, on the node and in a pod's network namespace",
    entersNetns: true,
    programs: {},
    scripts: ["hopbook-capture*"],
    needs: "capture",
  },
  "capture/check": {
    summary: "have tcpdump compile a filter, which captures nothing, and see what the node has for captures",
    entersNetns: false,
    programs: {},
    scripts: ["hopbook-filter-check"],
  },
  "pod/logs": {
    summary: "follow the logs of pods on their nodes",
    entersNetns: false,
    programs: {},
    scripts: ["hopbook-pod-log"],
  },
  [CONTAINER_EXEC]: {
    summary: "run commands in containers of pods, by the node's runtime: those of the runbook's traffic/exec",
    entersNetns: false,
    programs: {},
    scripts: [CONTAINER_EXEC_NAME],
  },
  "kernel/droptrace": {
    summary: "ask the kernel where it drops packets (a tracefs instance of its own)",
    entersNetns: false,
    programs: {},
    scripts: ["hopbook-droptrace*"],
  },
  "capture/pull": {
    summary: "copy the captures from the node",
    entersNetns: false,
    programs: { cat: rules.readsCaptureFile },
    scripts: ["hopbook-follow"],
    needs: "capture",
  },
  "node/doctor": {
    summary: "see whether the node has what a run needs: programs, runtime, disk, clock, devices",
    entersNetns: false,
    programs: {},
    scripts: ["hopbook-doctor"],
  },
  "leftovers/remove": {
    summary: "find what runs of hopbook left on the node, and remove it: folders, traces, processes",
    entersNetns: false,
    programs: {},
    scripts: ["hopbook-leftovers"],
  },
  "capture/list": {
    summary: "list the captures that go on without their client",
    entersNetns: false,
    programs: {},
    scripts: ["hopbook-detached-list"],
  },
  "netns/probe": {
    summary: "make traffic from a pod's network namespace",
    entersNetns: true,
    programs: { ping: rules.pingsPolitely, curl: rules.fetchesByCurl },
    scripts: ["hopbook-probe*"],
    needs: "traffic",
  },
  "pod/resolver": {
    summary:
      "read a pod's resolver configuration (/etc/resolv.conf), of which resolver lines alone leave the node",
    entersNetns: false,
    programs: {},
    scripts: ["hopbook-resolver"],
  },
  "pod/names": {
    summary: "ask a pod's name servers for names, by a few DNS queries from its network namespace",
    entersNetns: true,
    programs: {},
    scripts: ["hopbook-names"],
  },
  "node/mutate": {
    summary: "run commands that change something: those of permissions.mutate",
    entersNetns: true,
    programs: {},
    scripts: [],
    scope: "mutate",
  },
  "node/shell": {
    summary: "run shells, interpreters and whatever else runs programs: permissions.shell",
    entersNetns: true,
    programs: {},
    scripts: [],
    scope: "shell",
  },
};
