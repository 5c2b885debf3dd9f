import { setTimeout as sleep } from "node:timers/promises";
import { HopbookError } from "../../errors.js";
import type {
  Argv,
  ExecResult,
  NodeAccess,
  NodeStream,
  SshAccessConfig,
  StreamOptions,
} from "../../model/access.js";
import type { Lease } from "../../model/kube.js";
import { buildUnstarted, runCommand, startLocally, type CommandOptions } from "../../process/command.js";
import type { ConnectOptions } from "../connect.js";
import { buildLeased, needsLease } from "../../process/lease.js";
import { buildSshEnv } from "../environment.js";
import { trackStreams, type OpenStreams } from "../streams/open-streams.js";
import { assertStartable, startProcess } from "../../process/start.js";
import { pullFile } from "../files/pull.js";
import { createSlots, type Slots } from "../../process/slots.js";
import { assertSshNames, buildClientArgv } from "./argv.js";
import { readEnd, type EndOfSession } from "./end.js";
import { openMaster, type SshMaster } from "./master.js";
import { keepShells, toExecResult, type Shells, type Started } from "./shells.js";
import { pullSmallFirst } from "./pull.js";
import { openStream } from "../streams/stream.js";

/** sshd's MaxSessions is 10 unless it was changed: three are shells', one is left for what else the connection carries. */
const MAX_SESSIONS = 6;
const STREAM_WAIT_MS = 30_000;
const REFUSED_WAIT_MS = 100;
/** So many times as long as at the login a later start of sudo may take. */
const SUDO_SPREAD = 3;

interface SshTarget {
  readonly name: string;
  readonly address: string;
  readonly access: SshAccessConfig;
}

/**
 * Access by the system's ssh: its configuration, agent, jump hosts and known hosts apply; it never asks
 * (BatchMode) and never takes an unknown host key. One connection carries all commands, most of them in shells that are
 * kept (shells.ts), the others in sessions of their own (at most 6 at a time, the rest wait); where it broke, the next
 * command makes a new one.
 */
export async function openSshAccess(target: SshTarget, options: ConnectOptions): Promise<NodeAccess> {
  const { name: node, address: host, access: config } = target;
  assertSshNames(host, config);
  const master = await openMaster({ node, host, config }, options);
  const session: Session = {
    ...{ node, master, lease: options.lease },
    ...{ slots: createSlots(MAX_SESSIONS), streams: trackStreams(node) },
    shells: keepShells(master, options.lease),
  };
  const run = (argv: Argv, runOptions: CommandOptions): Promise<ExecResult> =>
    execOver(session, argv, runOptions);
  const runToFile = pullSmallFirst(session, run);
  let closing: Promise<void> | undefined;
  return {
    node,
    via: "ssh",
    exec: run,
    stream: (argv, streamOptions) => session.streams.add(streamOver(session, argv, streamOptions)),
    pull: (remotePath, localPath, pullOptions) =>
      pullFile({ node, remotePath, localPath, options: pullOptions, run: runToFile }),
    close: () =>
      (closing ??= session.streams.close().then(() => {
        session.shells.close();
        return master.close();
      })),
  };
}

interface Session {
  readonly node: string;
  readonly master: SshMaster;
  readonly lease: Lease | undefined;
  readonly slots: Slots;
  readonly streams: OpenStreams;
  readonly shells: Shells;
}

async function execOver(session: Session, argv: Argv, options: CommandOptions): Promise<ExecResult> {
  const { node, slots, streams } = session;
  assertStartable(argv);
  streams.assertOpen(argv);
  const startedAt = new Date();
  // A command's time begins when it runs: how slow its sudo is was learnt at the login.
  const timeoutMs = options.timeoutMs + SUDO_SPREAD * session.master.login.sudoMs;
  const deadline = startedAt.getTime() + timeoutMs;
  const signal = streams.linkSignal(options.signal);
  const shelled = await runInShell(session, argv, { ...options, timeoutMs, signal });
  if (shelled !== null) return finishShelled(session, shelled, { argv, startedAt });
  const release = await slots.acquire({ waitMs: timeoutMs, signal });
  if (release === null) {
    return buildUnstarted({ node, argv }, { startedAt, stoppedBy: signal.aborted ? "canceled" : "timedOut" });
  }
  try {
    return await tryUntil(session, argv, { ...options, signal, deadline });
  } finally {
    release();
  }
}

async function runInShell({ shells }: Session, argv: Argv, options: CommandOptions): Promise<Started | null> {
  const { stdin, stdoutFd } = options;
  return stdin === undefined && stdoutFd === undefined ? shells.run(argv, options) : null;
}

/** Runs the command; again only while it was certainly not started: no master, or no session to be had. */
async function tryUntil(
  session: Session,
  argv: Argv,
  options: CommandOptions & { readonly deadline: number },
): Promise<ExecResult> {
  const { node, master } = session;
  let reconnects = 0;
  for (;;) {
    await master.ensure({ ask: reconnects > 0 });
    const timeoutMs = Math.max(1, options.deadline - Date.now());
    const leased = needsLease({ ...options, timeoutMs });
    const localArgv = leased
      ? buildClientArgv(master.end, buildLeased(argv, { timeoutMs }), {
          login: master.login,
          lease: session.lease,
        })
      : buildClientArgv(master.end, argv, { login: master.login, lease: session.lease, timeoutMs });
    const command = { node, argv, start: startLocally(localArgv, buildSshEnv(process.env)), leased };
    const result = await runCommand(command, { ...options, timeoutMs });
    const end = readEnd(result.exitCode, result.stderr);
    const over = Date.now() >= options.deadline || options.signal?.aborted === true;
    if (end.how === "sessionRefused" && !over) {
      await sleep(REFUSED_WAIT_MS);
      const shelled = await runInShell(session, argv, { ...options, timeoutMs });
      if (shelled !== null) return finishShelled(session, shelled, { argv, startedAt: new Date() });
    } else if (end.how === "noMaster" && reconnects === 0 && !over) reconnects += 1;
    else return await finish(session, result, end);
  }
}

async function finish(session: Session, result: ExecResult, end: EndOfSession): Promise<ExecResult> {
  const { exitCode, stderr } = end;
  // Without an exit code although the connection lives, the command's own shell was killed on the node.
  if (end.how === "ended" || (end.how === "lost" && (await session.master.isAlive()))) {
    return { ...result, exitCode, stderr };
  }
  throw connectionLost(session.node, result.argv, end);
}

async function finishShelled(
  { node, master }: Session,
  result: Started,
  { argv, startedAt }: { readonly argv: Argv; readonly startedAt: Date },
): Promise<ExecResult> {
  const command = { node, argv, startedAt };
  if (result.how !== "lost") return toExecResult(result, command);
  if (await master.isAlive()) return toExecResult(KILLED, command);
  throw connectionLost(node, argv, { how: "lost", exitCode: null, stderr: Buffer.alloc(0) });
}

/** The shell was killed, and its connection lives. */
const KILLED = {
  how: "ended" as const,
  exitCode: null,
  truncated: false,
  stdout: Buffer.alloc(0),
  stderr: Buffer.alloc(0),
};

function connectionLost(node: string, argv: Argv, end: EndOfSession): HopbookError {
  const why = end.how === "sessionRefused" ? "it refuses another session" : "the ssh connection was lost";
  const said = end.stderr.toString("utf8").trim().slice(-2_000);
  return new HopbookError("NODE_UNREACHABLE", `Cannot run a command on node ${node}: ${why}`, {
    where: { node, argv },
    hint:
      end.how === "sessionRefused"
        ? "Raise MaxSessions in the node's sshd_config to 10"
        : "Check the network to the node and its sshd, then run again",
    ...(said === "" ? {} : { detail: said }),
  });
}

function streamOver(session: Session, argv: Argv, options: StreamOptions): NodeStream {
  const { node, master, slots, streams } = session;
  return openStream({
    node,
    argv,
    signal: options.signal,
    start: async (sinks, giveUp) => {
      assertStartable(argv);
      streams.assertOpen(argv);
      const release = await slots.acquire({ waitMs: STREAM_WAIT_MS, signal: giveUp });
      if (release === null) throw noSlot(node, argv);
      try {
        // A shell that lives has its connection, and with it the master.
        await master.ensure({ ask: !master.shell().isAlive() });
        const localArgv = buildClientArgv(master.end, argv, { login: master.login, lease: session.lease });
        const child = startProcess(localArgv, { env: buildSshEnv(process.env), stdin: "open", ...sinks });
        void child.done.then(release);
        return child;
      } catch (error) {
        release();
        throw error;
      }
    },
    judge: (end, stderr) => {
      const read = readEnd(end.exitCode, stderr);
      const transportLost = read.how !== "ended";
      return { end: { exitCode: read.exitCode, signal: end.signal, transportLost }, stderr: read.stderr };
    },
  });
}

function noSlot(node: string, argv: Argv): HopbookError {
  const message = `Cannot start a stream on node ${node}: ${MAX_SESSIONS} commands already run there`;
  return new HopbookError("NODE_UNREACHABLE", message, { where: { node, argv } });
}
