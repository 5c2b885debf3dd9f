/**
 * The lab: a Kubernetes-like cluster of network namespaces on one machine, to rehearse and to test on.
 *
 * `upLab({topology: "calico-vxlan"})` makes, in about a second:
 *
 *     operator 10.77.0.1 ──┐
 *                          ├── bridge "underlay", in a network namespace of the lab's own
 *     node-a 10.77.0.11 ───┤     pods shop/client 192.168.174.129, shop/cart 192.168.174.130
 *     node-b 10.77.0.12 ───┘     pods shop/web 192.168.218.65:8080, shop/dns 192.168.218.66:53
 *
 * and behind the operator a web server that is no part of the cluster, 203.0.113.10:80. Other topologies (topology/registry.ts) are
 * put together of how pods hang on their node (attachment/), how packets go between nodes (carriage/), and the CNI's
 * rules (rules/); `nodes: 3` adds node-c.
 *
 * - A node is one process tree with its own network, mounts, PIDs, host name; its own /run, /root, /tmp,
 *   /var/tmp (tmpfs), /proc, /sys and, where the machine allows it, tracefs; an sshd with its own host key; a
 *   `crictl` that answers as containerd's does; a layer of its own above the machine's /etc. A pod is the same
 *   within its node. The rest of the file system is the machine's.
 * - The wiring is Calico's: cali* veths with proxy ARP, `vxlan.calico` with static
 *   FDB and neighbours, blackhole routes; Felix's and kube-proxy's iptables chains with their names and comments.
 *   Services: shop/web:http 10.96.0.20:80, shop/dns 10.96.0.10:53 (UDP and TCP).
 * - The machine's own interfaces, routes and firewall are not touched. All processes are below one pid 1 (the
 *   supervisor); `downLab` kills that and removes the lab's folder, and nothing is left.
 * - Nodes are reached by the two cluster profiles in `LabState.files`: by entering their namespaces, or by ssh,
 *   whose ProxyCommand enters the operator's namespace (nothing else reaches the underlay). Users: root, and
 *   `oncall`, who may use sudo without a password where the machine has sudo.
 * - `setFault` breaks the network in one of the ways of `listFaults` and mends it again; faults/*.ts tell how.
 * - Without root the lab is built in a user namespace (newuidmap and /etc/subuid are needed). Then there is no
 *   tracefs, and its processes are entered with `nsenter --user --preserve-credentials` first.
 *
 * Its folder (0700): state.json, cluster.yaml, cluster-ssh.yaml, ssh_config, ssh/, log, nodes/NODE/files (the
 * node's /run/lab), faults/ (one file for each fault that is on), scripts/ and batch files.
 */
export { upLab } from "./up.js";
export { downLab } from "./down.js";
export { listLabs, statusLab, type LabStatus } from "./status.js";
export { requireLab } from "./state.js";
export { execInNode, execInOperator, execInPod } from "./enter.js";
export { listFaults, type FaultDescription } from "./faults/registry.js";
export { setFault } from "./faults/set.js";
export type * from "./types.js";
