import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  cgroupName,
  CLUSTER_CIDR,
  CLUSTER_CIDR6,
  clusterNodes,
  containerdKind,
  CONTROL_ADDRESS,
  DNS_ADDRESS,
  flannelBackend,
  isDualStack,
  ofFamilies,
  PAUSE_IMAGE,
  SERVICE_CIDR,
  SERVICE_CIDR6,
  SOURCE_DIR,
  type ClusterNode,
  type ContainerdKind,
} from "./names.js";
import { systemManifests } from "./manifests.js";
import { renderKubeconfig, writePki } from "./pki.js";
import { run } from "./run.js";

const API_SERVER = `https://${CONTROL_ADDRESS}:6443`;

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Writes everything that the cluster's scripts and programs read, into its empty folder. */
export async function writeClusterFiles(dir: string): Promise<void> {
  const at = (...parts: string[]): string => join(dir, ...parts);
  for (const name of ["log", "kubeconfigs", "manifests", "nodes", "ssh"])
    mkdirSync(at(name), { mode: 0o700 });
  for (const name of ["supervise.sh", "node.sh"]) copyFileSync(join(SOURCE_DIR, "scripts", name), at(name));
  writeFileSync(at("service-cidr"), ofFamilies(SERVICE_CIDR, SERVICE_CIDR6));
  writeFileSync(at("cluster-cidr"), ofFamilies(CLUSTER_CIDR, CLUSTER_CIDR6));
  writeFileSync(at("cgroup"), cgroupName(dir));
  writeFileSync(at("manifests", "system.json"), json(systemManifests()));
  await writePki(at("pki"));
  for (const name of ["admin", "controller-manager", "scheduler"]) {
    const text = renderKubeconfig(at("pki"), { name, server: API_SERVER });
    writeFileSync(at("kubeconfigs", name), text, { mode: 0o600 });
  }
  const client = await makeKey(at("ssh", "id_ed25519"));
  const known = await Promise.all(clusterNodes().map((node) => writeNodeFiles(dir, node, client)));
  writeFileSync(at("ssh", "known_hosts"), known.join(""), { mode: 0o600 });
}

async function makeKey(path: string): Promise<string> {
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "hopbook-test-cluster", "-f", path]);
  return readFileSync(`${path}.pub`, "utf8").trim();
}

/** Returns the node's line for known_hosts. */
async function writeNodeFiles(dir: string, node: ClusterNode, clientKey: string): Promise<string> {
  const files = join(dir, "nodes", node.name, "files");
  mkdirSync(files, { recursive: true });
  mkdirSync(join(dir, "nodes", node.name, "disk"));
  const pki = join(dir, "pki");
  const write = (name: string, text: string, mode = 0o600): void =>
    writeFileSync(join(files, name), text, { mode });
  copyFileSync(join(pki, "ca.crt"), join(files, "ca.crt"));
  const identities = { kubelet: node.name, "kube-proxy": "kube-proxy", flannel: "flannel" };
  for (const [program, name] of Object.entries(identities)) {
    write(`${program}.kubeconfig`, renderKubeconfig(pki, { name, server: API_SERVER }));
  }
  const names = clusterNodes().map(({ name, address }) => `${address} ${name}\n`);
  write("hosts", `127.0.0.1 localhost\n::1 localhost\n${names.join("")}`, 0o644);
  write("resolv.conf", "nameserver 127.0.0.1\n", 0o644);
  write("addresses", ofFamilies(node.address, node.address6));
  if (isDualStack()) write("dual-stack", "");
  if (node.hasCrictl) write("has-crictl", "");
  const networks = isDualStack() ? { EnableIPv6: true, IPv6Network: CLUSTER_CIDR6 } : {};
  write("net-conf.json", json({ Network: CLUSTER_CIDR, ...networks, Backend: BACKENDS[flannelBackend()] }));
  write("cni.conflist", json(cni()), 0o644);
  write("containerd.toml", CONTAINERD[containerdKind()]);
  write("containerd-bin", containerdKind() === "debian" ? "/run/cluster/bin/debian" : "/run/cluster/bin");
  write("kubelet.yaml", json(kubeletConfig(dir, node)));
  write("sshd_config", sshdConfig(node));
  write("authorized_keys", `${clientKey}\n`, 0o644);
  const hostKey = await makeKey(join(files, "ssh_host_ed25519_key"));
  chmodSync(files, 0o755);
  return `${node.address},${node.name} ${hostKey.split(" ").slice(0, 2).join(" ")}\n`;
}

const BACKENDS = {
  vxlan: { Type: "vxlan", VNI: 1, Port: 8472 },
  "host-gw": { Type: "host-gw" },
} as const;

/** In place of flannel's own plugin, which only calls these with what it reads in /run/flannel/subnet.env. */
function cni(): unknown {
  const families = [
    { subnet: "@SUBNET@", dst: "0.0.0.0/0" },
    ...(isDualStack() ? [{ subnet: "@SUBNET6@", dst: "::/0" }] : []),
  ];
  const ranges = families.map(({ subnet }) => [{ subnet }]);
  const routes = families.map(({ dst }) => ({ dst }));
  const bridge = {
    type: "bridge",
    bridge: "cni0",
    isGateway: true,
    hairpinMode: true,
    mtu: "@MTU@", // a number once node.sh has put it in
    ipam: { type: "host-local", ranges, routes },
  };
  const portmap = { type: "portmap", capabilities: { portMappings: true } };
  return { cniVersion: "0.4.0", name: "cbr0", plugins: [bridge, portmap] };
}

const CONTAINERD: Record<ContainerdKind, string> = {
  built: `version = 3
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${PAUSE_IMAGE}"
[plugins."io.containerd.cri.v1.runtime"]
  # Lowering a container's OOM score needs CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["/usr/lib/cni"]
  conf_dir = "/etc/cni/net.d"
`,
  debian: `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "/etc/cni/net.d"
`,
};

function kubeletConfig(dir: string, node: ClusterNode): unknown {
  const evictAt = {
    "memory.available": "1%",
    "nodefs.available": "1%",
    "nodefs.inodesFree": "1%",
    "imagefs.available": "1%",
  };
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: "/run/cluster/node/ca.crt" },
    },
    authorization: { mode: "Webhook" },
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    clusterDNS: [DNS_ADDRESS],
    clusterDomain: "cluster.local",
    resolvConf: "/run/cluster/node/resolv.conf",
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroupName(dir)}/${node.name}`,
    failCgroupV1: false,
    enforceNodeAllocatable: [],
    localStorageCapacityIsolation: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    // The machine's disk may be fuller than a node's should be.
    evictionHard: evictAt,
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    imageMaximumGCAge: "0s",
  };
}

function sshdConfig(node: ClusterNode): string {
  return [
    "Port 22",
    `ListenAddress ${node.address}`,
    "HostKey /run/cluster/node/ssh_host_ed25519_key",
    "AuthorizedKeysFile /run/cluster/node/authorized_keys",
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "UseDNS no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    "PrintMotd no",
    "PrintLastLog no",
    "MaxSessions 64",
    "MaxStartups 64",
    "SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "Subsystem sftp internal-sftp",
    "",
  ].join("\n");
}
