/** Parts of an OCI runtime spec that are the same for every pod, as containerd 2.4 reports them. */

const CAPABILITIES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETFCAP",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_KILL",
  "CAP_AUDIT_WRITE",
];

export const PROCESS_CAPABILITIES = {
  bounding: CAPABILITIES,
  effective: CAPABILITIES,
  permitted: CAPABILITIES,
};

export const MASKED_PATHS = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];

export const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

interface SpecMount {
  readonly destination: string;
  readonly options: readonly string[];
  readonly source: string;
  readonly type: string;
}

export function mount(destination: string, type: string, options: readonly string[]): SpecMount {
  return { destination, options, source: type, type };
}

export function bind(destination: string, source: string, options: readonly string[]): SpecMount {
  return { destination, options: ["rbind", ...options], source, type: "bind" };
}

/** The pseudo file systems that every container has. */
export const PSEUDO_MOUNTS: readonly SpecMount[] = [
  mount("/proc", "proc", ["nosuid", "noexec", "nodev"]),
  { ...mount("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]), source: "tmpfs" },
  mount("/dev/pts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
  mount("/dev/mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
  mount("/sys", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
];

export const SECCOMP = {
  architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  defaultAction: "SCMP_ACT_ERRNO",
  syscalls: [
    { action: "SCMP_ACT_ALLOW", names: ["read", "write", "openat", "close", "sendto", "recvfrom"] },
    {
      action: "SCMP_ACT_ALLOW",
      args: [{ index: 0, op: "SCMP_CMP_LT", value: 38 }],
      names: ["socket"],
    },
    { action: "SCMP_ACT_ERRNO", errnoRet: 38, names: ["clone3"] },
  ],
};

export const ROOT_USER = { gid: 0, uid: 0 };
export const PATH_ENV = "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Where containerd keeps a sandbox's files. */
export function sandboxFile(root: "/run" | "/var/lib", sandboxId: string, name: string): string {
  const base = root === "/run" ? "/run/containerd" : "/var/lib/containerd";
  return `${base}/io.containerd.grpc.v1.cri/sandboxes/${sandboxId}/${name}`;
}
