import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { HopbookError } from "../errors.js";
import { OUTSIDE } from "./cluster/make.js";
import { findPod, type NodeSpec, type PodSpec } from "./cluster/types.js";
import { makeRuntimePod, type RuntimePod } from "./crictl/ids.js";
import { netnsPath } from "./crictl/inspectp.js";
import { writeCrictlFiles } from "./crictl/write.js";
import { nodeFilesDir } from "./files.js";
import { renderLocalProfile, renderSshProfile } from "./profile.js";
import { readProcessFile } from "./state.js";
import { renderSshConfig } from "./ssh.js";
import type { Blueprint } from "./topology/types.js";
import type { LabNodeState, LabPodState, LabProcess, LabState } from "./types.js";

function requireProcess(path: string): LabProcess {
  const found = readProcessFile(path);
  if (found !== null) return found;
  throw new HopbookError("LAB_FAILED", "Cannot read a process of the lab: the file says none", {
    where: { file: path },
  });
}

/** Where there are two, the first address is that of IPv6, as of a cluster with `ipFamilies: [IPv6, IPv4]`. */
function withFamilies(pod: PodSpec, ipv6: Blueprint["ipv6"]): PodSpec {
  const twin = ipv6 === null ? undefined : findPod(ipv6.cluster, pod);
  return twin === undefined ? pod : { ...pod, ip: twin.pod.ip, additionalIps: [pod.ip] };
}

function collectPods(dir: string, node: NodeSpec, { ipv6 }: Blueprint): RuntimePod[] {
  return node.pods.map((each) => {
    const spec = withFamilies(each, ipv6);
    const files = join(nodeFilesDir(dir, node.name), "pods", spec.name);
    return makeRuntimePod(node, spec, {
      pid: requireProcess(join(files, "pid")).pid,
      containerPid: requireProcess(join(files, "container-pid")).pid,
      createdAtMs: Date.now(),
    });
  });
}

function describePod(pod: RuntimePod): LabPodState {
  const { spec, ids, pid, containerPid } = pod;
  return {
    namespace: spec.namespace,
    name: spec.name,
    ip: spec.ip,
    additionalIps: spec.additionalIps ?? [],
    hostInterface: spec.hostInterface,
    sandboxId: ids.sandboxId,
    containerId: ids.containerId,
    pid,
    containerPid,
    netnsPath: netnsPath(pod),
  };
}

function collectNode(dir: string, node: NodeSpec, blueprint: Blueprint): LabNodeState {
  const { topology } = blueprint;
  const pods = collectPods(dir, node, blueprint);
  writeCrictlFiles(join(nodeFilesDir(dir, node.name), "crictl"), pods, topology.cni);
  const own = requireProcess(join(dir, "nodes", node.name, "pid"));
  return { name: node.name, address: node.address, ...own, pods: pods.map(describePod) };
}

/**
 * Reads what the lab's scripts noted about themselves, gives each node's crictl its answers, and writes the
 * cluster profiles and ssh's configuration.
 */
export function collectLabState(
  lab: Pick<LabState, "name" | "topology" | "dir" | "rootless"> & {
    /** By performance.now(). */
    readonly startedAtMs: number;
  },
  blueprint: Blueprint,
): LabState {
  const { name, topology, dir, rootless } = lab;
  const { cluster, ipv6 } = blueprint;
  const operator = requireProcess(join(dir, "operator"));
  const nodes = cluster.nodes.map((node) => collectNode(dir, node, blueprint));
  const files = {
    profile: join(dir, "cluster.yaml"),
    sshProfile: join(dir, "cluster-ssh.yaml"),
    sshConfig: join(dir, "ssh_config"),
    knownHosts: join(dir, "ssh", "known_hosts"),
    identity: join(dir, "ssh", "id_ed25519"),
    log: join(dir, "log"),
  };
  const write = (path: string, text: string): void => writeFileSync(path, text, { mode: 0o600 });
  const { carriage } = blueprint.topology;
  const profiled = { name, nodes, underlay: carriage.underlay === undefined ? undefined : carriage.nics[0] };
  write(files.profile, renderLocalProfile(profiled));
  write(files.sshProfile, renderSshProfile(profiled));
  write(files.sshConfig, renderSshConfig(cluster.nodes, { dir, rootless, operatorPid: operator.pid }));
  return {
    name,
    topology,
    dir,
    rootless,
    supervisor: requireProcess(join(dir, "supervisor")),
    operator,
    nodes,
    services: [...cluster.services, ...(ipv6?.cluster.services ?? [])].map((service) => ({
      ...service,
      name: `${service.namespace}/${service.name}`,
    })),
    outside: { ip: OUTSIDE.address, port: OUTSIDE.port },
    files,
    createdAt: new Date().toISOString(),
    upMs: Math.round(performance.now() - lab.startedAtMs),
  };
}
