import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { HopbookError } from "../errors.js";
import { runProgram } from "./enter.js";

/** Programs that a lab runs, by the Debian package that has them. */
const PACKAGES: Readonly<Record<string, string>> = {
  ip: "iproute2",
  bridge: "iproute2",
  ss: "iproute2",
  "iptables-restore": "iptables",
  "iptables-save": "iptables",
  nft: "nftables",
  tcpdump: "tcpdump",
  dnsmasq: "dnsmasq-base",
  dig: "bind9-dnsutils",
  curl: "curl",
  ping: "iputils-ping",
  ethtool: "ethtool",
  sshd: "openssh-server",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  unshare: "util-linux",
  nsenter: "util-linux",
  mount: "mount",
  hostname: "hostname",
  awk: "mawk",
};
const TUNNEL_PACKAGES: Readonly<Record<string, string>> = { perl: "perl-base" };
const SWITCH_PACKAGES: Readonly<Record<string, string>> = {
  "ovs-vswitchd": "openvswitch-switch",
  "ovsdb-server": "openvswitch-switch",
  "ovs-vsctl": "openvswitch-switch",
  "ovs-appctl": "openvswitch-common",
  "ovn-northd": "ovn-central",
  "ovn-nbctl": "ovn-common",
  "ovn-trace": "ovn-common",
  "ovn-controller": "ovn-host",
  tc: "iproute2",
  xargs: "findutils",
};
const ROOTLESS_PACKAGES: Readonly<Record<string, string>> = { newuidmap: "uidmap", newgidmap: "uidmap" };

const FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Full path of a program in the usual folders; undefined where it is not installed. */
export function findProgram(name: string, folders: readonly string[] = FOLDERS): string | undefined {
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Throws LAB_UNAVAILABLE with the Debian packages to install where programs are missing. */
export function requirePrograms(options: {
  readonly rootless: boolean;
  /** Whether a program of the lab makes the tunnel. Default: false. */
  readonly tunnel?: boolean;
  /** Whether its nodes have Open vSwitch and OVN. Default: false. */
  readonly vswitch?: boolean;
  /** Where to look. Default: the usual folders. */
  readonly folders?: readonly string[];
}): void {
  const wanted = {
    ...PACKAGES,
    ...(options.rootless ? ROOTLESS_PACKAGES : {}),
    ...(options.tunnel === true ? TUNNEL_PACKAGES : {}),
    ...(options.vswitch === true ? SWITCH_PACKAGES : {}),
  };
  const lacks = (name: string): boolean => findProgram(name, options.folders) === undefined;
  const missing = Object.keys(wanted).filter(lacks);
  if (lacks("nc") && lacks("busybox")) missing.push("nc");
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => wanted[name] ?? "netcat-openbsd"))].sort();
  throw new HopbookError(
    "LAB_UNAVAILABLE",
    `Cannot build a lab: programs are missing: ${missing.join(" ")}`,
    { hint: `Install the Debian packages: apt-get install ${packages.join(" ")}` },
  );
}

function hasSubordinateIds(file: string): boolean {
  if (!existsSync(file)) return false;
  const { username, uid } = userInfo();
  return readFileSync(file, "utf8")
    .split("\n")
    .some((line) => line.startsWith(`${username}:`) || line.startsWith(`${String(uid)}:`));
}

/** The command line that makes the lab's own namespaces, before the program to run in them. */
export function unshareArgv(rootless: boolean): string[] {
  const user = rootless ? ["--user", "--map-auto", "--map-root-user"] : [];
  return ["unshare", ...user, "-n", "-m", "-u", "-i", "-p", "--fork", "--kill-child=KILL"];
}

/**
 * Throws LAB_UNAVAILABLE where this machine does not let us make namespaces, with the kernel's own words. It
 * makes one set of them, mounts a tmpfs and a /proc in it, adds a link, and lets it go.
 */
export async function requireNamespaces(rootless: boolean): Promise<void> {
  if (rootless) {
    const without = ["/etc/subuid", "/etc/subgid"].filter((file) => !hasSubordinateIds(file));
    if (without.length > 0) {
      const { username } = userInfo();
      throw new HopbookError(
        "LAB_UNAVAILABLE",
        `Cannot build a rootless lab: no subordinate ids in ${without.join(" and ")}, current user is "${username}"`,
        { hint: `As root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${username}` },
      );
    }
  }
  const probe = [...unshareArgv(rootless), "sh", "-c", PROBE_SCRIPT, "hopbook-lab-probe"];
  const result = await runProgram(probe, { timeoutMs: 5000 });
  if (result.exitCode === 0) return;
  const words = (result.stderr.trim().split("\n").at(-1) ?? "").slice(0, 300);
  throw new HopbookError(
    "LAB_UNAVAILABLE",
    `Cannot build a lab: this machine refuses its namespaces: ${words}`,
    {
      hint: rootless
        ? "Run it as root, or allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces)"
        : "Run it on a machine or VM of your own: a container needs --privileged, macOS and Windows a Linux VM",
      detail: result.stderr.slice(0, 2000),
    },
  );
}

const PROBE_SCRIPT = String.raw`
set -e
mount -n -t tmpfs tmpfs /mnt
mount -n -t proc proc /proc
ip link add hopbook-probe type veth peer name hopbook-peer
ip link add hopbook-bridge type bridge
ip link add hopbook-vxlan type vxlan id 1 dstport 4789
`;
