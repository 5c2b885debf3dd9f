import { PAUSE_IMAGE, cgroupParent, podAnnotations, podLabels, stampTime, type RuntimePod } from "./ids.js";
import {
  MASKED_PATHS,
  PATH_ENV,
  PROCESS_CAPABILITIES,
  PSEUDO_MOUNTS,
  READONLY_PATHS,
  ROOT_USER,
  SECCOMP,
  bind,
  sandboxFile,
} from "./spec.js";

/** The network namespace's path as the node sees it. */
export function netnsPath(pod: RuntimePod): string {
  return `/var/run/netns/${pod.ids.netns}`;
}

function renderCniResult(pod: RuntimePod): object {
  const { ids, spec } = pod;
  const sandbox = netnsPath(pod);
  const local = ["127.0.0.1", "::1"].map((ip) => ({ Gateway: "", IP: ip }));
  const shared = { PciID: "", SocketPath: "" };
  const ofHost = (mac: string): object => ({ IPConfigs: null, Mac: mac, Sandbox: "", ...shared });
  return {
    DNS: [{}, {}],
    Interfaces: {
      ...(spec.bridge === null ? {} : { [spec.bridge.name]: ofHost(spec.bridge.mac) }),
      [spec.hostInterface]: ofHost(spec.hostMac),
      eth0: {
        IPConfigs: [spec.ip, ...(spec.additionalIps ?? [])].map((ip) => ({ Gateway: "", IP: ip })),
        Mac: ids.mac,
        Sandbox: sandbox,
        ...shared,
      },
      lo: { IPConfigs: local, Mac: "00:00:00:00:00:00", Sandbox: sandbox, ...shared },
    },
    Routes: [{ dst: "0.0.0.0/0" }],
  };
}

function renderConfig(pod: RuntimePod): object {
  const { spec, ids } = pod;
  return {
    annotations: podAnnotations(pod),
    dns_config: { servers: ["10.96.0.10"] },
    hostname: spec.name,
    labels: podLabels(pod),
    linux: {
      cgroup_parent: cgroupParent(pod),
      overhead: {},
      resources: { cpu_period: 100000, cpu_shares: 2 },
      security_context: { namespace_options: { pid: 1, userns_options: { mode: 2 } }, seccomp: {} },
    },
    log_directory: `/var/log/pods/${spec.namespace}_${spec.name}_${ids.uid}`,
    metadata: { name: spec.name, namespace: spec.namespace, uid: ids.uid },
  };
}

function renderRuntimeSpec(pod: RuntimePod): object {
  const { spec, ids } = pod;
  const cri = (key: string): string => `io.kubernetes.cri.${key}`;
  return {
    annotations: {
      [cri("container-type")]: "sandbox",
      [cri("podsandbox.image-name")]: PAUSE_IMAGE,
      [cri("sandbox-cpu-period")]: "100000",
      [cri("sandbox-cpu-quota")]: "0",
      [cri("sandbox-cpu-shares")]: "2",
      [cri("sandbox-id")]: ids.sandboxId,
      [cri("sandbox-log-directory")]: `/var/log/pods/${spec.namespace}_${spec.name}_${ids.uid}`,
      [cri("sandbox-memory")]: "0",
      [cri("sandbox-name")]: spec.name,
      [cri("sandbox-namespace")]: spec.namespace,
      [cri("sandbox-uid")]: ids.uid,
    },
    hostname: spec.name,
    linux: {
      cgroupsPath: `${cgroupParent(pod)}/${ids.sandboxId}`,
      maskedPaths: MASKED_PATHS,
      namespaces: [
        ...["pid", "ipc", "uts", "mount"].map((type) => ({ type })),
        { path: netnsPath(pod), type: "network" },
      ],
      readonlyPaths: READONLY_PATHS,
      resources: { cpu: { shares: 2 }, devices: [{ access: "rwm", allow: false }] },
      seccomp: SECCOMP,
      sysctl: {
        "net.ipv4.ip_unprivileged_port_start": "0",
        "net.ipv4.ping_group_range": "0 2147483647",
      },
    },
    mounts: [
      ...PSEUDO_MOUNTS,
      bind("/dev/shm", sandboxFile("/run", ids.sandboxId, "shm"), ["ro", "nosuid", "nodev", "noexec"]),
      bind("/etc/resolv.conf", sandboxFile("/var/lib", ids.sandboxId, "resolv.conf"), ["ro", "nosuid"]),
    ],
    ociVersion: "1.3.0",
    process: {
      args: ["/pause"],
      capabilities: PROCESS_CAPABILITIES,
      cwd: "/",
      env: [PATH_ENV],
      noNewPrivileges: true,
      oomScoreAdj: 0,
      user: ROOT_USER,
    },
    root: { path: "rootfs", readonly: true },
  };
}

/** `crictl inspectp` of a pod: the keys of containerd 2.4's answer. */
export function renderInspectp(pod: RuntimePod): object {
  const { spec, ids } = pod;
  return {
    info: {
      cniResult: renderCniResult(pod),
      config: renderConfig(pod),
      image: PAUSE_IMAGE,
      netNamespaceClosed: false,
      pid: pod.pid,
      processStatus: "running",
      runtimeOptions: null,
      runtimeSpec: renderRuntimeSpec(pod),
      runtimeType: "io.containerd.runc.v2",
      sandboxMetadata: {
        Metadata: {
          AdditionalIPs: null,
          CNIResult: renderCniResult(pod),
          Config: renderConfig(pod),
          ID: ids.sandboxId,
          IP: spec.ip,
          Name: `${spec.name}_${spec.namespace}_${ids.uid}_0`,
          NetNSPath: netnsPath(pod),
          ProcessLabel: "",
          RuntimeHandler: "",
        },
        Version: "v1",
      },
      snapshotKey: ids.sandboxId,
      snapshotter: "overlayfs",
    },
    status: {
      annotations: podAnnotations(pod),
      createdAt: stampTime(pod.createdAtMs),
      id: ids.sandboxId,
      labels: podLabels(pod),
      linux: {
        namespaces: {
          options: {
            ipc: "POD",
            network: "POD",
            pid: "CONTAINER",
            targetId: "",
            usernsOptions: { gids: [], mode: "NODE", uids: [] },
          },
        },
      },
      metadata: { attempt: 0, name: spec.name, namespace: spec.namespace, uid: ids.uid },
      network: {
        additionalIps: (spec.additionalIps ?? []).map((ip) => ({ ip })),
        ip: spec.ip,
      },
      runtimeHandler: "",
      state: "SANDBOX_READY",
    },
  };
}
