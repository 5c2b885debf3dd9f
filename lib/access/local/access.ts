import { readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { HopbookError } from "../../errors.js";
import type { Argv, ExecResult, LocalAccessConfig, NodeAccess, NodeStream } from "../../model/access.js";
import type { Lease } from "../../model/kube.js";
import { runCommand, startLocally, type Command, type CommandOptions } from "../../process/command.js";
import { connectCanceled, type ConnectOptions } from "../connect.js";
import { buildLeased, needsLease } from "../../process/lease.js";
import { buildNodeEnv } from "../environment.js";
import { trackStreams } from "../streams/open-streams.js";
import { hasEnded, readProcessStat } from "../../process/proc-stat.js";
import { pullFile } from "../files/pull.js";
import { openStream } from "../streams/stream.js";

const NODE_END_WAIT_MS = 250;

/**
 * Access to this machine, or by nsenter(1) to the mount, UTS, IPC, network and PID namespaces of one of its
 * processes; its user namespace too where that differs from ours (a rootless lab). The process is proved to
 * be the one meant by its start time before each use. Commands run in `/`.
 */
export async function openLocalAccess(
  target: { readonly name: string; readonly access: LocalAccessConfig },
  options: ConnectOptions,
): Promise<NodeAccess> {
  const access = createLocalAccess(target.name, { config: target.access, lease: options.lease });
  if (target.access.pid === undefined) return access;
  const { connectTimeoutMs: timeoutMs, signal } = options;
  const linked = signal === undefined ? {} : { signal };
  const result = await access.exec(["true"], { action: "connect", timeoutMs, ...linked });
  if (result.exitCode === 0) return access;
  if (result.canceled) throw connectCanceled(target.name);
  const stderr = result.stderr.toString("utf8").trim();
  const reason =
    result.exitCode === null ? "nsenter did not end" : stderr || `nsenter gave ${result.exitCode}`;
  throw new HopbookError(
    result.exitCode === 127 ? "TOOL_MISSING" : "NODE_UNREACHABLE",
    `Cannot enter node ${target.name}: ${reason}`,
    {
      where: { node: target.name, argv: enterArgv(target.access, ["true"]) },
      hint: "Run as root, or as the user who brought the lab up, with util-linux's nsenter installed",
    },
  );
}

function createLocalAccess(
  node: string,
  { config, lease }: { readonly config: LocalAccessConfig; readonly lease: Lease | undefined },
): NodeAccess {
  const streams = trackStreams(node);
  const env = buildNodeEnv(lease);
  const prepare = (argv: Argv, limits?: CommandOptions): Command => {
    streams.assertOpen(argv);
    assertAlive(node, config);
    const leased = limits !== undefined && needsLease(limits);
    const inner = leased ? buildLeased(argv, { timeoutMs: limits.timeoutMs }) : argv;
    return { node, argv, start: startLocally(enterArgv(config, inner), env), leased };
  };
  const run = async (argv: Argv, options: CommandOptions): Promise<ExecResult> => {
    const signal = streams.linkSignal(options.signal);
    const result = await runCommand(prepare(argv, options), { ...options, signal });
    if (await endedWithNode(config, result)) assertAlive(node, config);
    return result;
  };
  return {
    node,
    via: "local",
    exec: run,
    stream: (argv, options): NodeStream =>
      streams.add(
        openStream({
          node,
          argv,
          signal: options.signal,
          start: async (sinks) => {
            return prepare(argv).start({ stdin: "open", ...sinks });
          },
          judge: async (end, stderr) => {
            const transportLost = await endedWithNode(config, end);
            return { end: { exitCode: end.exitCode, signal: end.signal, transportLost }, stderr };
          },
        }),
      ),
    pull: (remotePath, localPath, options) => pullFile({ node, remotePath, localPath, options, run }),
    close: () => streams.close(),
  };
}

function enterArgv(config: LocalAccessConfig, argv: Argv): Argv {
  if (config.pid === undefined) return argv;
  const user = isForeignUserNamespace(config.pid) ? ["-U", "--preserve-credentials"] : [];
  return ["nsenter", "-t", String(config.pid), ...user, "-m", "-u", "-i", "-n", "-p", "--", ...argv];
}

function isForeignUserNamespace(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/user`) !== readlinkSync("/proc/self/ns/user");
  } catch {
    return false; // gone or not ours: nsenter then says why
  }
}

/**
 * True where a command ended because its node did. When the first process of a PID namespace is killed, the
 * kernel kills the others first, so after a SIGKILL its own end is awaited a little.
 */
async function endedWithNode(
  config: LocalAccessConfig,
  end: { readonly exitCode: number | null; readonly signal: string | null },
): Promise<boolean> {
  if (config.pid === undefined || end.exitCode === 0) return false;
  const deadline = Date.now() + (end.signal === "SIGKILL" ? NODE_END_WAIT_MS : 0);
  while (describeGone(config) === null) {
    if (Date.now() >= deadline) return false;
    await sleep(10);
  }
  return true;
}

function assertAlive(node: string, config: LocalAccessConfig): void {
  const reason = describeGone(config);
  if (reason === null) return;
  throw new HopbookError("NODE_UNREACHABLE", `Cannot enter node ${node}: ${reason}`, {
    where: { node },
    hint: "Bring the lab up again: the node's first process has ended, and its namespaces with it",
  });
}

/** A process that is being killed drops its namespaces at once, but is there until all within them have ended. */
function hasNamespaces(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) !== "";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT"; // EACCES: it has them, and nsenter says the rest
  }
}

function describeGone(config: LocalAccessConfig): string | null {
  if (config.pid === undefined) return null;
  const found = readStartTimeTicks(config.pid);
  if (found === null || !hasNamespaces(config.pid)) return `process ${config.pid} is gone`;
  if (config.startTimeTicks === undefined || found === config.startTimeTicks) return null;
  return `process ${config.pid} is another one now, started at tick ${found}, not ${config.startTimeTicks}`;
}

/** Field 22 of /proc/PID/stat; null where there is no such process, or a zombie, whose namespaces are gone. */
export function readStartTimeTicks(pid: number): number | null {
  const stat = readProcessStat(pid);
  return stat === null || hasEnded(stat) ? null : stat.startTimeTicks;
}
