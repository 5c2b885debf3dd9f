import type { Topology } from "../topology/types.js";

/** `crictl version`, as text. */
export const VERSION_TEXT =
  "Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  2.4.2+unknown\nRuntimeApiVersion:  v1\n";

function network(name: string, ifName: string, plugins: readonly { type: string }[]): object {
  const config = { cniVersion: "0.3.1", name, plugins };
  return {
    Config: {
      CNIVersion: "0.3.1",
      Name: name,
      Plugins: plugins.map((plugin) => ({
        Network: { ipam: {}, type: plugin.type },
        Source: JSON.stringify(plugin),
      })),
      Source: JSON.stringify(config),
    },
    IFName: ifName,
  };
}

const RUNC = {
  ContainerAnnotations: null,
  PodAnnotations: null,
  baseRuntimeSpec: "",
  cgroupWritable: false,
  cniConfDir: "",
  cniMaxConfNum: 0,
  disablePauseImagePull: false,
  io_type: "",
  options: {
    BinaryName: "",
    CriuImagePath: "",
    CriuWorkPath: "",
    IoGid: 0,
    IoUid: 0,
    NoNewKeyring: false,
    Root: "",
    ShimCgroup: "",
    SystemdCgroup: false,
  },
  privileged_without_host_devices: false,
  privileged_without_host_devices_all_devices_allowed: false,
  runtimePath: "",
  runtimeType: "io.containerd.runc.v2",
  sandboxer: "podsandbox",
  snapshotter: "",
};

const CONFIG = {
  cdiSpecDirs: ["/etc/cdi", "/var/run/cdi"],
  cni: {
    binDirs: ["/opt/cni/bin", "/usr/lib/cni"],
    confDir: "/etc/cni/net.d",
    confTemplate: "",
    ipPref: "",
    maxConfNum: 1,
    setupSerially: false,
    useInternalLoopback: false,
  },
  containerd: {
    defaultRuntimeName: "runc",
    ignoreBlockIONotEnabledErrors: false,
    ignoreRdtNotEnabledErrors: false,
    runtimes: { runc: RUNC },
  },
  containerdEndpoint: "/run/containerd/containerd.sock",
  containerdRootDir: "/var/lib/containerd",
  device_ownership_from_security_context: false,
  disableApparmor: false,
  disableHugetlbController: true,
  disableProcMount: false,
  drainExecSyncIOTimeout: "0s",
  enableCRIU: true,
  enableSelinux: false,
  enableUnprivilegedICMP: true,
  enableUnprivilegedPorts: true,
  ignoreDeprecationWarnings: null,
  ignoreImageDefinedVolumes: false,
  maxContainerLogLineSize: 16384,
  netnsMountsUnderStateDir: false,
  restrictOOMScoreAdj: true,
  rootDir: "/var/lib/containerd/io.containerd.grpc.v1.cri",
  selinuxCategoryRange: 1024,
  stateDir: "/run/containerd/io.containerd.grpc.v1.cri",
  statsCollectPeriod: "",
  statsRetentionPeriod: "",
  tolerateMissingHugetlbController: true,
  unsetSeccompProfile: "",
};

/** `crictl info`. */
export function renderInfo(cni: Topology["cni"]): object {
  return {
    cniconfig: {
      Networks: [
        network("cni-loopback", "lo", [{ type: "loopback" }]),
        network(cni.name, "eth0", cni.plugins),
      ],
      PluginConfDir: "/etc/cni/net.d",
      PluginDirs: ["/opt/cni/bin", "/usr/lib/cni"],
      PluginMaxConfNum: 1,
      Prefix: "eth",
    },
    config: CONFIG,
    features: { supplemental_groups_policy: true, user_namespaces_host_network: true },
    golang: "go1.26.8",
    lastCNILoadStatus: "OK",
    "lastCNILoadStatus.default": "OK",
    runtimeHandlers: [
      { features: { recursive_read_only_mounts: true } },
      { features: { recursive_read_only_mounts: true }, name: "runc" },
    ],
    status: {
      conditions: ["RuntimeReady", "NetworkReady", "ContainerdHasNoDeprecationWarnings"].map((type) => ({
        message: "",
        reason: "",
        status: true,
        type,
      })),
    },
  };
}
