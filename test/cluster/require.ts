import { existsSync } from "node:fs";
import { findProgram } from "../../lib/lab/programs.js";

/** Programs that the cluster needs, by Debian package. */
const PACKAGES: Readonly<Record<string, string>> = {
  go: "golang (1.26 or newer)",
  gcc: "gcc",
  runc: "runc",
  conntrack: "conntrack",
  debootstrap: "debootstrap",
  iptables: "iptables",
  nft: "nftables",
  ip: "iproute2",
  openssl: "openssl",
  sshd: "openssh-server",
  "ssh-keygen": "openssh-client",
  nc: "netcat-openbsd",
  tcpdump: "tcpdump",
  unshare: "util-linux",
  nsenter: "util-linux",
};

/** Where Go is unpacked by custom, whether or not it is on PATH. */
export const GO_FOLDER = "/usr/local/go/bin";

const FOLDERS = [
  ...(process.env["PATH"] ?? "").split(":"),
  GO_FOLDER,
  "/usr/local/sbin",
  "/usr/sbin",
  "/sbin",
];

/** Why the cluster cannot be brought up here; null where it can. */
export function whyNot(): string | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "the test cluster needs Linux and root";
  const missing = Object.keys(PACKAGES).filter((name) => findProgram(name, FOLDERS) === undefined);
  if (!existsSync("/usr/include/stdio.h")) missing.push("libc6-dev");
  if (findProgram("bridge", ["/usr/lib/cni"]) === undefined) missing.push("containernetworking-plugins");
  if (missing.length === 0) return null;
  const packages = [...new Set(missing.map((name) => PACKAGES[name] ?? name))];
  return `programs are missing for the test cluster: install ${packages.join(" ")} (or: sh bin/setup.sh cluster)`;
}

export function requireMachine(): void {
  const why = whyNot();
  if (why !== null) throw new Error(why);
}
