import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { renderShownLinks } from "./carriage/shown-links.js";
import { deriveTunnelMac, derivePodIds } from "./cluster/ids.js";
import {
  renderFdbBatch,
  renderNodeBatch,
  renderNodeSysctls,
  renderOperatorBatch,
  renderOperatorSysctls,
  renderOutsideBatch,
  renderPodBatch,
  renderUnderlayBatch,
  type PodPlace,
} from "./cluster/links.js";
import { OPERATOR_ADDRESS, OUTSIDE } from "./cluster/make.js";
import {
  DEAD_RESOLVER,
  INDEX_PAGE,
  LARGE_PAGE,
  OUTSIDE_PAGE,
  renderDnsmasq,
  renderNodeHosts,
  renderPodHosts,
  renderPodResolv,
  renderServes,
} from "./cluster/pods.js";
import { findNode, othersOf, type Cluster, type NodeSpec } from "./cluster/types.js";
import { CRICTL_PROGRAM } from "./crictl/program.js";
import { findProgram } from "./programs.js";
import { renderIptables } from "./rules/iptables.js";
import {
  CONTAINER_SCRIPT,
  HTTP_PROGRAM,
  LAB_SCRIPT,
  NODE_SCRIPT,
  OPERATOR_SCRIPT,
  OUTSIDE_SCRIPT,
  POD_SCRIPT,
} from "./scripts.js";
import { renderSshdConfig } from "./ssh.js";
import { SWITCH_PORTS_SCRIPT, SWITCH_START_SCRIPT } from "./switch/scripts.js";
import type { Blueprint } from "./topology/types.js";

/** The user that logs in without being root; `sudo` for it only where sudo is installed. */
const ONCALL = { name: "oncall", uid: 1977 } as const;

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
}

/** Lines of one of the machine's account files, without a user called like ours. */
function copyAccounts(path: string): string[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith(`${ONCALL.name}:`));
}

/** The layer above the machine's /etc on a node. The shadow file holds no password of the machine. */
function writeEtc(
  etc: string,
  node: NodeSpec,
  all: { readonly cluster: Cluster; readonly deadDns: boolean },
): void {
  const { cluster, deadDns } = all;
  const id = String(ONCALL.uid);
  const lines = (list: readonly string[]): string => `${list.join("\n")}\n`;
  const passwd = `${ONCALL.name}:x:${id}:${id}::/run/oncall:/bin/sh`;
  write(join(etc, "hosts"), renderNodeHosts(deadDns ? [] : cluster.nodes));
  write(join(etc, "hostname"), `${node.name}\n`);
  write(join(etc, "resolv.conf"), `nameserver ${deadDns ? DEAD_RESOLVER : OPERATOR_ADDRESS}\n`);
  write(join(etc, "passwd"), lines([...copyAccounts("/etc/passwd"), passwd]));
  write(join(etc, "group"), lines([...copyAccounts("/etc/group"), `${ONCALL.name}:x:${id}:`]));
  write(
    join(etc, "shadow"),
    lines(["root", "sshd", ONCALL.name].map((user) => `${user}:*:19000::::::`)),
    0o600,
  );
  write(join(etc, "crictl.yaml"), "runtime-endpoint: unix:///run/containerd/containerd.sock\ntimeout: 10\n");
  if (findProgram("sudo") !== undefined) {
    write(join(etc, "sudoers.d", "hopbook-lab"), `${ONCALL.name} ALL=(ALL) NOPASSWD: ALL\n`, 0o440);
  }
}

/** Files a pod's scripts use, in `dir` (which becomes /run/pod in the pod). */
function writePod(dir: string, { node, pod }: PodPlace, blueprint: Blueprint): void {
  const { cluster, ipv6 } = blueprint;
  mkdirSync(join(dir, "mnt"), { recursive: true });
  write(join(dir, "net.batch"), renderPodBatch(blueprint, { node, pod }));
  write(join(dir, "hosts"), renderPodHosts(pod));
  write(join(dir, "container.sh"), CONTAINER_SCRIPT);
  const address = ipv6 === null ? ("0.0.0.0" as const) : ("[::]" as const);
  const tools = { busybox: findProgram("busybox") !== undefined, node: process.execPath, address };
  write(join(dir, "serves"), renderServes(pod, tools));
  if (pod.serves === "dns")
    write(join(dir, "dnsmasq.conf"), renderDnsmasq(ipv6 === null ? [cluster] : [cluster, ipv6.cluster]));
  if (pod.serves !== "http") return;
  write(join(dir, "http.mjs"), HTTP_PROGRAM);
  write(join(dir, "www", "index.html"), INDEX_PAGE);
  write(join(dir, "www", "large"), LARGE_PAGE);
}

/** Folder (below the lab's) whose contents are /run/lab on the node. */
export function nodeFilesDir(dir: string, node: string): string {
  return join(dir, "nodes", node, "files");
}

/** Where the other nodes' tunnel devices are, by MAC. */
function renderPeers(cluster: Cluster, node: NodeSpec): string {
  return othersOf(cluster, node)
    .map((other) => `${deriveTunnelMac(other)} ${other.address} ${other.block}\n`)
    .join("");
}

function writeSwitch(folder: string, node: NodeSpec, { topology: { vswitch }, cluster }: Blueprint): void {
  if (vswitch === undefined) return;
  for (const [name, text] of Object.entries(vswitch.files(cluster, node))) write(join(folder, name), text);
  write(join(folder, "start.sh"), SWITCH_START_SCRIPT);
  write(join(folder, "ports.sh"), SWITCH_PORTS_SCRIPT);
}

function writeNode(dir: string, node: NodeSpec, options: Blueprint & { readonly deadDns: boolean }): void {
  const { topology, cluster, ipv6, deadDns } = options;
  mkdirSync(join(dir, "nodes", node.name, "mnt"), { recursive: true });
  const files = nodeFilesDir(dir, node.name);
  write(join(files, "links.batch"), renderNodeBatch(topology, cluster, { node, ipv6 }));
  write(join(files, "fdb.batch"), renderFdbBatch(options, node));
  const { tunnel } = topology.carriage;
  if (tunnel?.program !== undefined) {
    write(join(files, "tunnel", "program.pl"), tunnel.program);
    write(join(files, "tunnel", "device"), `${tunnel.device}\n`);
    write(join(files, "tunnel", "peers"), renderPeers(cluster, node));
  }
  if (tunnel?.shownAs !== undefined) {
    write(join(files, "bin", "ip"), renderShownLinks(findProgram("ip") ?? "/sbin/ip", tunnel.shownAs), 0o755);
  }
  writeSwitch(join(files, "switch"), node, options);
  write(join(files, "sysctl"), renderNodeSysctls(options, node));
  write(join(files, "iptables"), renderIptables(cluster, node, topology.rules(cluster, node)));
  if (ipv6 !== null) {
    const same = findNode(ipv6.cluster, node.name);
    const rules = ipv6.topology.rules(ipv6.cluster, same);
    write(join(files, "ip6tables"), renderIptables(ipv6.cluster, same, rules));
  }
  write(join(files, "sshd_config"), renderSshdConfig(node));
  write(join(files, "pod-resolv.conf"), renderPodResolv());
  write(join(files, "scripts", "pod.sh"), POD_SCRIPT);
  write(join(files, "bin", "crictl"), CRICTL_PROGRAM, 0o755);
  mkdirSync(join(files, "crictl"));
  write(
    join(files, "pods.list"),
    node.pods.map((pod) => `${pod.name} ${derivePodIds(pod).netns}\n`).join(""),
  );
  writeEtc(join(files, "etc"), node, { cluster, deadDns });
  for (const pod of node.pods) writePod(join(files, "pods", pod.name), { node, pod }, options);
}

/** Every FIFO the scripts talk through. */
export function listFifos(dir: string, { nodes }: Cluster): string[] {
  return [
    join(dir, "reports"),
    ...nodes.flatMap((node) => [
      join(nodeFilesDir(dir, node.name), "reports"),
      ...node.pods.map((pod) => join(nodeFilesDir(dir, node.name), "pods", pod.name, "orders")),
    ]),
  ];
}

/** Writes all that the lab's scripts read into the lab's folder, which exists. */
export function writeLabFiles(dir: string, options: Blueprint & { readonly deadDns: boolean }): void {
  if (!existsSync(join(dir, "mnt"))) mkdirSync(join(dir, "mnt"));
  write(join(dir, "scripts", "lab.sh"), LAB_SCRIPT);
  write(join(dir, "scripts", "operator.sh"), OPERATOR_SCRIPT);
  write(join(dir, "scripts", "node.sh"), NODE_SCRIPT);
  write(join(dir, "underlay.batch"), renderUnderlayBatch(options.topology, options.cluster));
  write(join(dir, "operator.batch"), renderOperatorBatch(options.topology, options.cluster, options.ipv6));
  write(join(dir, "outside.batch"), renderOutsideBatch());
  write(join(dir, "scripts", "outside.sh"), OUTSIDE_SCRIPT);
  write(join(dir, "outside", "index.html"), OUTSIDE_PAGE);
  write(join(dir, "outside", "http.mjs"), HTTP_PROGRAM);
  const server = findProgram("busybox") === undefined ? "node" : "busybox";
  write(join(dir, "outside", "serves"), `${server} ${String(OUTSIDE.port)} ${process.execPath}\n`);
  write(join(dir, "operator.sysctl"), renderOperatorSysctls());
  // A switch in user space takes no packet whose checksum is left to hardware.
  if (options.topology.vswitch !== undefined) write(join(dir, "operator.whole"), "");
  for (const node of options.cluster.nodes) writeNode(dir, node, options);
}
