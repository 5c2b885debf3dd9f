import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HopbookError } from "../errors.js";
import type { NodeSpec } from "./cluster/types.js";
import { runProgram } from "./enter.js";
import { findProgram } from "./programs.js";

async function makeKey(path: string, comment: string): Promise<string> {
  const argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path];
  const result = await runProgram(argv);
  if (result.exitCode !== 0) {
    throw new HopbookError("LAB_FAILED", `Cannot make an ssh key: ${result.stderr.trim()}`, {
      where: { argv, file: path },
    });
  }
  return readFileSync(`${path}.pub`, "utf8").trim();
}

export function renderSshdConfig(node: NodeSpec): string {
  return [
    "Port 22",
    `ListenAddress ${node.address}`,
    "HostKey /run/lab/ssh_host_ed25519_key",
    "AuthorizedKeysFile /run/lab/authorized_keys",
    "PidFile /run/sshd.pid",
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

/** Makes the lab's keys: one a node, one for whoever logs in. Node folders must exist already. */
export async function writeSshKeys(dir: string, nodes: readonly NodeSpec[]): Promise<void> {
  mkdirSync(join(dir, "ssh"), { mode: 0o700 });
  const [client, ...hosts] = await Promise.all([
    makeKey(join(dir, "ssh", "id_ed25519"), "hopbook-lab"),
    ...nodes.map((node) =>
      makeKey(join(dir, "nodes", node.name, "files", "ssh_host_ed25519_key"), node.name),
    ),
  ]);
  const knownHosts: string[] = [];
  for (const [index, node] of nodes.entries()) {
    const [type = "", key = ""] = (hosts[index] ?? "").split(" ");
    knownHosts.push(`${node.address},${node.name} ${type} ${key}\n`);
    const path = join(dir, "nodes", node.name, "files", "authorized_keys");
    writeFileSync(path, `${client}\n`);
    chmodSync(path, 0o644);
  }
  writeFileSync(join(dir, "ssh", "known_hosts"), knownHosts.join(""), { mode: 0o600 });
}

/**
 * ssh's configuration for the lab. Only the operator's network namespace reaches the nodes, so the
 * ProxyCommand enters it; everything else is ordinary ssh with strict host keys.
 */
export function renderSshConfig(
  nodes: readonly NodeSpec[],
  lab: { readonly dir: string; readonly operatorPid: number; readonly rootless: boolean },
): string {
  const user = lab.rootless ? "--user --preserve-credentials " : "";
  const netcat = findProgram("nc") ?? `${findProgram("busybox") ?? "busybox"} nc`;
  return [
    ...nodes.flatMap((node) => [`Host ${node.name} ${node.address}`, `  HostName ${node.address}`]),
    "Host *",
    "  User root",
    "  Port 22",
    `  IdentityFile ${join(lab.dir, "ssh", "id_ed25519")}`,
    "  IdentitiesOnly yes",
    `  UserKnownHostsFile ${join(lab.dir, "ssh", "known_hosts")}`,
    "  GlobalKnownHostsFile /dev/null",
    "  StrictHostKeyChecking yes",
    `  ProxyCommand nsenter -t ${String(lab.operatorPid)} ${user}--net ${netcat} %h %p`,
    "",
  ].join("\n");
}
