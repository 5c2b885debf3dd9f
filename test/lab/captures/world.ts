import { spawn, spawnSync, type ChildProcess } from "node:child_process";

/**
 * Nodes and pods as namespaces, for captures that are kept: `n1` to `n3` are nodes on the bridge `fab`, which is the machine
 * that all is in; `p1` and `p3` are pods of n1, `p2` of n2, `p4` of n3. Everything ends with the process that is the
 * first of its PID namespace, and nothing of it is seen outside.
 */

/** bridge: pods on a bridge (flannel); routed: a /32 each behind proxy ARP (Calico); plain: routes, and no tunnel (kindnet). */
export type Wiring = "bridge" | "routed" | "plain";

export interface Shape {
  readonly wiring: Wiring;
  /** Of pods and underlay. */
  readonly family: 4 | 6;
  readonly nodes: 2 | 3;
}

export const NODES = ["n1", "n2", "n3"] as const;
export const PODS = { p1: "n1", p3: "n1", p2: "n2", p4: "n3" } as const;
export type Pod = keyof typeof PODS;

export const isPod = (name: string): name is Pod => name in PODS;
const numberOf = (node: string): number => Number(node.slice(1));

export function podAddress(pod: Pod, family: 4 | 6 = 4): string {
  const host = pod === "p3" ? 3 : 2;
  return family === 4 ? `10.244.${numberOf(PODS[pod])}.${host}` : `fd44:${numberOf(PODS[pod])}::${host}`;
}

export const nodeAddress = (node: string, family: 4 | 6 = 4): string =>
  family === 4 ? `10.77.0.1${numberOf(node)}` : `fd77::1${numberOf(node)}`;

const tunnelMac = (node: string): string => `66:00:00:00:00:0${numberOf(node)}`;

/** Runs a constant script in a namespace; throws where it fails. */
export function run(where: string, script: string): string {
  const done = spawnSync(...enter(where, ["sh", "-euc", script]), { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${where}: ${script}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

export function start(where: string, argv: readonly string[]): ChildProcess {
  return spawn(...enter(where, argv), { stdio: ["ignore", "pipe", "pipe"] });
}

function enter(where: string, argv: readonly string[]): [string, string[]] {
  const [program = "", ...words] = argv;
  return where === "fab" ? [program, words] : ["ip", ["netns", "exec", where, ...argv]];
}

/** Takes down what is there. */
export function clear(): void {
  run(
    "fab",
    `for name in $(ip netns list | cut -d' ' -f1); do ip netns del $name; done
     for name in fab fa1 fa2 fa3; do ! ip link show $name >/dev/null 2>&1 || ip link del $name || true; done`,
  );
}

export function build(shape: Shape): void {
  const nodes = NODES.slice(0, shape.nodes);
  const pods = (Object.keys(PODS) as Pod[]).filter((pod) => nodes.includes(PODS[pod] as "n1"));
  run(
    "fab",
    "ip link add fab type bridge forward_delay 0 mcast_snooping 0; ip link set fab up; ip link set lo up",
  );
  for (const name of [...nodes, ...pods]) run("fab", `ip netns add ${name}; ip -n ${name} link set lo up`);
  for (const node of nodes) addNode(node, nodes, shape);
  for (const pod of pods) addPod(pod, shape);
}

const SYSCTLS = {
  4: "net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 net.ipv4.ip_forward=1",
  // A link's own address waits for nobody to object, a second in which its neighbours are not asked.
  6: "net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.all.forwarding=1",
} as const;

function addNode(node: string, nodes: readonly string[], { wiring, family }: Shape): void {
  const length = family === 4 ? 24 : 64;
  const port = `fa${numberOf(node)}`;
  run(
    "fab",
    `ip link add ${port} type veth peer name eth0 netns ${node}; ip link set ${port} master fab up
     sysctl -qw net.ipv6.conf.${port}.disable_ipv6=1`,
  );
  run(
    node,
    `sysctl -qw ${SYSCTLS[family]}
     ip addr add ${nodeAddress(node, family)}/${length} dev eth0 ${family === 6 ? "nodad" : ""}; ip link set eth0 up
     ip -${family} route add default via ${family === 4 ? "10.77.0.1" : "fd77::1"} dev eth0 onlink`,
  );
  if (wiring !== "plain") addTunnel(node, nodes, { wiring, family });
  for (const other of nodes.filter((name) => name !== node)) {
    const block = blockOf(other, family);
    const via =
      wiring === "plain"
        ? `via ${nodeAddress(other, family)}`
        : `via ${tunnelAddress(other, family)} dev ${tunnelOf(wiring)} onlink`;
    run(node, `ip -${family} route add ${block} ${via}`);
  }
  if (wiring === "bridge")
    run(
      node,
      `ip link add cni0 type bridge forward_delay 0 mcast_snooping 0
       ip link set cni0 mtu ${overlayMtu(family)} up
       ip addr add ${family === 4 ? `10.244.${numberOf(node)}.1/24` : `fd44:${numberOf(node)}::1/64 nodad`} dev cni0
       sysctl -qw net.bridge.bridge-nf-call-iptables=1 || true`,
    );
}

export const tunnelOf = (wiring: Wiring): string => (wiring === "routed" ? "vxlan.calico" : "flannel.1");
/** What VXLAN leaves of 1500. */
const overlayMtu = (family: 4 | 6): number => (family === 4 ? 1450 : 1430);
const blockOf = (node: string, family: 4 | 6): string =>
  family === 4 ? `10.244.${numberOf(node)}.0/24` : `fd44:${numberOf(node)}::/64`;
const tunnelAddress = (node: string, family: 4 | 6): string =>
  family === 4 ? `10.244.${numberOf(node)}.0` : `fd45:${numberOf(node)}::1`;

function addTunnel(node: string, nodes: readonly string[], { wiring, family }: Omit<Shape, "nodes">): void {
  const device = tunnelOf(wiring);
  const [id, port] = wiring === "routed" ? [4096, 4789] : [1, 8472];
  const inner = tunnelAddress(node, family);
  run(
    node,
    `ip link add ${device} address ${tunnelMac(node)} type vxlan id ${id} local ${nodeAddress(node, family)} dev eth0 dstport ${port} nolearning
     ip link set ${device} mtu ${overlayMtu(family)} up
     ip addr add ${inner}/${family === 4 ? 32 : "128 nodad"} dev ${device}`,
  );
  for (const other of nodes.filter((name) => name !== node))
    run(
      node,
      `ip neigh replace ${tunnelAddress(other, family)} lladdr ${tunnelMac(other)} dev ${device} nud permanent
       bridge fdb append ${tunnelMac(other)} dev ${device} dst ${nodeAddress(other, family)}`,
    );
}

function addPod(pod: Pod, { wiring, family }: Shape): void {
  const node = PODS[pod];
  const host = `veth${pod.slice(1)}`;
  const address = podAddress(pod, family);
  const mtu = wiring === "plain" ? 1500 : overlayMtu(family);
  run(node, `ip link add ${host} mtu ${mtu} type veth peer name eth0 mtu ${mtu} netns ${pod}`);
  run(pod, `sysctl -qw ${SYSCTLS[family]} net.ipv4.ping_group_range="0 2147483647"; ip link set eth0 up`);
  if (wiring === "bridge") {
    const gateway = family === 4 ? `10.244.${numberOf(node)}.1` : `fd44:${numberOf(node)}::1`;
    run(node, `ip link set ${host} master cni0 up; sysctl -qw net.ipv6.conf.${host}.disable_ipv6=1`);
    run(
      pod,
      `ip addr add ${address}/${family === 4 ? 24 : "64 nodad"} dev eth0; ip -${family} route add default via ${gateway}`,
    );
    return;
  }
  const gateway = family === 4 ? "169.254.1.1" : "fe80::1";
  run(
    node,
    `ip link set ${host} up; ip -${family} route add ${address} dev ${host}
     ${family === 4 ? `sysctl -qw net.ipv4.conf.${host}.proxy_arp=1 net.ipv4.neigh.${host}.proxy_delay=0` : `ip addr add fe80::1/64 dev ${host} nodad`}`,
  );
  run(
    pod,
    `ip addr add ${address}/${family === 4 ? 32 : "128 nodad"} dev eth0
     ${family === 4 ? `ip route add ${gateway} dev eth0 scope link` : ""}
     ip -${family} route add default via ${gateway} dev eth0`,
  );
}
