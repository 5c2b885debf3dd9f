import {
  COMMANDS,
  CONTAINER_NAME,
  TOOLS_IMAGE,
  cgroupParent,
  containerAnnotations,
  containerLabels,
  imageId,
  stampTime,
  type RuntimePod,
} from "./ids.js";
import {
  MASKED_PATHS,
  PATH_ENV,
  PROCESS_CAPABILITIES,
  PSEUDO_MOUNTS,
  READONLY_PATHS,
  bind,
  mount,
  sandboxFile,
} from "./spec.js";

interface Volume {
  readonly container: string;
  readonly host: string;
  readonly readonly: boolean;
}

function listVolumes({ ids }: RuntimePod): readonly Volume[] {
  const pod = `/var/lib/kubelet/pods/${ids.uid}`;
  return [
    {
      container: "/var/run/secrets/kubernetes.io/serviceaccount",
      host: `${pod}/volumes/kubernetes.io~projected/kube-api-access-${ids.uid.slice(0, 5)}`,
      readonly: true,
    },
    { container: "/etc/hosts", host: `${pod}/etc-hosts`, readonly: false },
    {
      container: "/dev/termination-log",
      host: `${pod}/containers/${CONTAINER_NAME}/${ids.containerId.slice(0, 8)}`,
      readonly: false,
    },
  ];
}

const API_ENV: readonly (readonly [string, string])[] = [
  ["KUBERNETES_SERVICE_PORT", "443"],
  ["KUBERNETES_SERVICE_PORT_HTTPS", "443"],
  ["KUBERNETES_PORT", "tcp://10.96.0.1:443"],
  ["KUBERNETES_PORT_443_TCP", "tcp://10.96.0.1:443"],
  ["KUBERNETES_PORT_443_TCP_PROTO", "tcp"],
  ["KUBERNETES_PORT_443_TCP_PORT", "443"],
  ["KUBERNETES_PORT_443_TCP_ADDR", "10.96.0.1"],
  ["KUBERNETES_SERVICE_HOST", "10.96.0.1"],
];

function renderConfig(pod: RuntimePod): object {
  return {
    annotations: containerAnnotations(pod),
    command: COMMANDS[pod.spec.serves],
    envs: API_ENV.map(([key, value]) => ({ key, value })),
    image: { image: imageId(TOOLS_IMAGE), user_specified_image: TOOLS_IMAGE },
    labels: containerLabels(pod),
    linux: {
      resources: {
        cpu_period: 100000,
        cpu_shares: 2,
        hugepage_limits: [{ page_size: "2MB" }, { page_size: "1GB" }],
        oom_score_adj: 1000,
      },
      security_context: {
        masked_paths: MASKED_PATHS,
        namespace_options: { pid: 1, userns_options: { mode: 2 } },
        readonly_paths: READONLY_PATHS,
        run_as_user: {},
        seccomp: { profile_type: 1 },
      },
    },
    log_path: `${CONTAINER_NAME}/0.log`,
    metadata: { name: CONTAINER_NAME },
    mounts: listVolumes(pod).map((volume) => ({
      container_path: volume.container,
      host_path: volume.host,
      ...(volume.readonly ? { readonly: true } : {}),
    })),
  };
}

function renderRuntimeSpec(pod: RuntimePod): object {
  const { spec, ids } = pod;
  const cri = (key: string): string => `io.kubernetes.cri.${key}`;
  const shared = (type: string): string => `/proc/${String(pod.pid)}/ns/${type}`;
  const own = (name: string): string => sandboxFile("/var/lib", ids.sandboxId, name);
  const env = API_ENV.map(([key, value]) => `${key}=${value}`);
  return {
    annotations: {
      [cri("container-name")]: CONTAINER_NAME,
      [cri("container-type")]: "container",
      [cri("image-name")]: TOOLS_IMAGE,
      [cri("sandbox-id")]: ids.sandboxId,
      [cri("sandbox-name")]: spec.name,
      [cri("sandbox-namespace")]: spec.namespace,
      [cri("sandbox-uid")]: ids.uid,
    },
    linux: {
      cgroupsPath: `${cgroupParent(pod)}/${ids.containerId}`,
      maskedPaths: MASKED_PATHS,
      namespaces: [
        { type: "pid" },
        { path: shared("ipc"), type: "ipc" },
        { path: shared("uts"), type: "uts" },
        { type: "mount" },
        { path: shared("net"), type: "network" },
      ],
      readonlyPaths: READONLY_PATHS,
      resources: {
        cpu: { period: 100000, shares: 2 },
        devices: [{ access: "rwm", allow: false }],
        memory: {},
      },
    },
    mounts: [
      ...PSEUDO_MOUNTS,
      mount("/sys/fs/cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
      bind("/etc/hostname", own("hostname"), ["rprivate", "rw"]),
      bind("/etc/resolv.conf", own("resolv.conf"), ["rprivate", "rw"]),
      bind("/dev/shm", sandboxFile("/run", ids.sandboxId, "shm"), ["rprivate", "rw"]),
      ...listVolumes(pod).map((volume) =>
        bind(volume.container, volume.host, ["rprivate", volume.readonly ? "ro" : "rw"]),
      ),
    ],
    ociVersion: "1.3.0",
    process: {
      args: COMMANDS[spec.serves],
      capabilities: PROCESS_CAPABILITIES,
      cwd: "/",
      env: [PATH_ENV, `HOSTNAME=${spec.name}`, ...env],
      oomScoreAdj: 1000,
      user: { additionalGids: [0], gid: 0, uid: 0 },
    },
    root: { path: "rootfs" },
  };
}

function renderStatus(pod: RuntimePod): object {
  const { spec, ids } = pod;
  const image = { image: TOOLS_IMAGE, imageRef: "", runtimeHandler: "", userSpecifiedImage: "" };
  return {
    annotations: containerAnnotations(pod),
    createdAt: stampTime(pod.createdAtMs),
    exitCode: 0,
    finishedAt: "0001-01-01T00:00:00Z",
    id: ids.containerId,
    image: { annotations: {}, ...image },
    imageId: imageId(TOOLS_IMAGE),
    imageRef: imageId(TOOLS_IMAGE),
    labels: containerLabels(pod),
    logPath: `/var/log/pods/${spec.namespace}_${spec.name}_${ids.uid}/${CONTAINER_NAME}/0.log`,
    message: "",
    metadata: { attempt: 0, name: CONTAINER_NAME },
    mounts: listVolumes(pod).map((volume) => ({
      containerPath: volume.container,
      gidMappings: [],
      hostPath: volume.host,
      imageSubPath: "",
      propagation: "PROPAGATION_PRIVATE",
      readonly: volume.readonly,
      recursiveReadOnly: false,
      selinuxRelabel: false,
      uidMappings: [],
    })),
    reason: "",
    resources: {
      linux: {
        cpuPeriod: "100000",
        cpuQuota: "0",
        cpuShares: "2",
        cpusetCpus: "",
        cpusetMems: "",
        hugepageLimits: [],
        memoryLimitInBytes: "0",
        memorySwapLimitInBytes: "0",
        oomScoreAdj: "1000",
        unified: {},
      },
    },
    startedAt: stampTime(pod.createdAtMs),
    state: "CONTAINER_RUNNING",
    stopSignal: "SIGTERM",
    user: { linux: { gid: "0", supplementalGroups: ["0"], uid: "0" } },
  };
}

/** `crictl inspect` of a container: the keys of containerd 2.4's answer. */
export function renderInspect(pod: RuntimePod): object {
  return {
    info: {
      config: renderConfig(pod),
      pid: pod.containerPid,
      removing: false,
      runtimeOptions: null,
      runtimeSpec: renderRuntimeSpec(pod),
      runtimeType: "io.containerd.runc.v2",
      sandboxID: pod.ids.sandboxId,
      snapshotKey: pod.ids.containerId,
      snapshotter: "overlayfs",
    },
    status: renderStatus(pod),
  };
}
