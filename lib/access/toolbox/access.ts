import { createHash } from "node:crypto";
import { HopbookError, asHopbookError, messageOf } from "../../errors.js";
import { leaseLabels } from "../../kube/index.js";
import type { Argv, ExecOptions, ExecResult, NodeAccess, ToolboxAccessConfig } from "../../model/access.js";
import type { Lease } from "../../model/kube.js";
import { connectCanceled, type ConnectOptions } from "../connect.js";
import { buildMarkWords } from "../environment.js";
import { findNodePlace, wrapForPlace, type NodePlace } from "../pod/place.js";
import { openSshAccess } from "../ssh/access.js";
import * as podman from "./argv.js";
import type { TargetOf } from "../ways.js";

const REMOVE_TIMEOUT_MS = 10_000;
/** An unnamed run's: it ends with its day. */
const DEFAULT_LEASE_MS = 3_600_000;

/**
 * A CoreOS node over SSH, with the tools of a toolbox. toolbox(1) itself asks questions, runs commands through a terminal
 * that merges stdout and stderr, and keeps one container a person: so podman is used with its flags, and a container of our
 * own that `close()` removes, and that ends by itself. crictl, ctr, iptables and the like are the node's own.
 *
 * Rejects as ssh does, and with TOOL_MISSING (no podman; the image has not what is needed) or POD_NOT_STARTED (its image
 * cannot be pulled, it does not start).
 */
export async function openToolboxAccess(
  target: TargetOf<ToolboxAccessConfig> & { readonly address: string },
  options: ConnectOptions,
): Promise<NodeAccess> {
  const { name: node, address, access: config } = target;
  const deadline = Date.now() + options.connectTimeoutMs;
  const { user, port, sudo, sshConfig, identityFile, knownHosts, proxyJump } = config;
  const given = { user, port, sudo, sshConfig, identityFile, knownHosts, proxyJump };
  const login = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const ssh = await openSshAccess({ name: node, address, access: { ...login, via: "ssh" } }, options);
  const ask = (argv: Argv): Promise<ExecResult> => run(ssh, argv, { deadline, signal: options.signal });
  let spec: podman.ToolboxSpec | null = null;
  try {
    spec = podman.buildToolboxSpec(config, await readRc(node, ask), suffixOf(options, node));
    await startToolbox(node, { spec, ask, options });
    const pid = await askPid(node, { spec, ask });
    const toolbox = spec;
    const place = await findNodePlace({
      ...{ node, via: "toolbox", image: spec.image },
      run: async (argv) => checkPodman(await ask(podman.buildExec(toolbox, argv)), node),
    });
    return createToolboxAccess(ssh, { spec, place, pid, lease: options.lease });
  } catch (error) {
    if (spec !== null) await remove(ssh, spec);
    await ssh.close();
    throw asHopbookError(error);
  }
}

function createToolboxAccess(
  ssh: NodeAccess,
  made: {
    readonly spec: podman.ToolboxSpec;
    readonly place: NodePlace;
    readonly pid: number;
    readonly lease: Lease | undefined;
  },
): NodeAccess {
  const { spec, place, pid, lease } = made;
  const marks = lease === undefined ? [] : buildMarkWords(lease);
  const { node } = ssh;
  const wrap = (argv: Argv): Argv =>
    // A node that has the tools itself needs no detour.
    place.mode === "node" ? argv : podman.buildExec(spec, wrapForPlace(place, ["env", ...marks, ...argv]));
  let closing: Promise<void> | undefined;
  let left: readonly string[] = [];
  return {
    node,
    via: "toolbox",
    exec: async (argv, options) => {
      const result = await ssh.exec(wrap(argv), options);
      return { ...checkPodman(result, node), argv };
    },
    stream: (argv, options) => ({ ...ssh.stream(wrap(argv), options), argv }),
    // The container's files as the node's processes see them.
    pull: (remotePath, localPath, options) =>
      ssh.pull(place.mode === "node" ? remotePath : `/proc/${pid}/root${remotePath}`, localPath, options),
    close: () =>
      (closing ??= (async () => {
        left = await remove(ssh, spec);
        await ssh.close();
      })()),
    leftovers: () => left,
  };
}

async function readRc(node: string, ask: (argv: Argv) => Promise<ExecResult>) {
  const result = await ask(["sh", "-c", podman.TOOLBOX_PROBE_SCRIPT, "hopbook-toolbox"]);
  if (result.exitCode === 0) return podman.readToolboxRc(result.stdout.toString("utf8"));
  throw new HopbookError("TOOL_MISSING", `Cannot use toolbox on ${node}: ${say(result)}`, {
    where: { node },
    hint: "Use access.via: ssh where the node is no CoreOS, with tcpdump installed there",
  });
}

async function startToolbox(
  node: string,
  use: {
    readonly spec: podman.ToolboxSpec;
    readonly ask: (argv: Argv) => Promise<ExecResult>;
    readonly options: ConnectOptions;
  },
): Promise<void> {
  const { spec, ask, options } = use;
  const there = await ask(["podman", "image", "exists", spec.image]);
  const pulled = there.exitCode === 0 ? there : await ask(podman.buildPull(spec));
  const { lease } = options;
  const seconds = Math.ceil((lease?.durationMs ?? DEFAULT_LEASE_MS) / 1000);
  const labels = lease === undefined ? {} : leaseLabels(lease);
  const marks = lease === undefined ? [] : buildMarkWords(lease);
  const started =
    pulled.exitCode === 0 ? await ask(podman.buildRun(spec, { seconds, labels, marks })) : pulled;
  if (started.exitCode === 0) return;
  const doing = pulled.exitCode === 0 ? "start" : "pull the image of";
  throw new HopbookError("POD_NOT_STARTED", `Cannot ${doing} a toolbox on ${node}: ${say(started)}`, {
    where: { node, argv: started.argv },
    hint: "Name an image that the node can pull in the cluster profile: images.tools, and registry and authFile under access",
  });
}

async function askPid(
  node: string,
  use: { readonly spec: podman.ToolboxSpec; readonly ask: (argv: Argv) => Promise<ExecResult> },
): Promise<number> {
  const result = await use.ask(["podman", "inspect", "--format", "{{.State.Pid}}", use.spec.name]);
  const pid = Number(/^[1-9][0-9]{0,9}$/.exec(result.stdout.toString("utf8").trim())?.[0] ?? 0);
  if (result.exitCode === 0 && pid > 0) return pid;
  const message = `Cannot start a toolbox on ${node}: ${say(result) || "it has no process"}`;
  throw new HopbookError("POD_NOT_STARTED", message, {
    where: { node, argv: result.argv },
    hint: "Name an image with sleep, sh, env and nsenter under images.tools in the cluster profile",
  });
}

/** Only our own container, by its name; what could not be removed. */
async function remove(ssh: NodeAccess, spec: podman.ToolboxSpec): Promise<readonly string[]> {
  try {
    const options: ExecOptions = { action: "connect", timeoutMs: REMOVE_TIMEOUT_MS };
    const result = await ssh.exec(podman.buildRemove(spec), options);
    if (result.exitCode === 0 || /no such container|no container with/i.test(result.stderr.toString("utf8")))
      return [];
    return [`container ${spec.name} on ${ssh.node}: ${say(result)}`];
  } catch (error) {
    return [`container ${spec.name} on ${ssh.node}: ${messageOf(error)}`];
  }
}

async function run(
  ssh: NodeAccess,
  argv: Argv,
  options: { readonly deadline: number; readonly signal: AbortSignal | undefined },
): Promise<ExecResult> {
  const { deadline, signal } = options;
  const timeoutMs = Math.max(1, deadline - Date.now());
  const result = await ssh.exec(argv, { action: "connect", timeoutMs, ...(signal && { signal }) });
  if (result.canceled) throw connectCanceled(ssh.node);
  if (!result.timedOut) return result;
  const message = `Cannot start a toolbox on ${ssh.node}: ${argv.slice(0, 2).join(" ")} did not end in time`;
  throw new HopbookError("POD_NOT_STARTED", message, {
    where: { node: ssh.node, argv },
    hint: "Pull the image on the node before, or name a registry nearer to it",
  });
}

function checkPodman(result: ExecResult, node: string): ExecResult {
  const failure = podman.readPodmanFailure(result.exitCode, result.stderr.toString("utf8"));
  if (failure === null) return result;
  const message = `Cannot run a command in the toolbox on ${node}: ${failure}`;
  throw new HopbookError("NODE_UNREACHABLE", message, {
    where: { node, argv: result.argv },
    hint: "Run again: a new container is made",
  });
}

function say(result: ExecResult): string {
  const lines = result.stderr.toString("utf8").trim().split("\n");
  return (
    lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? `exit code ${String(result.exitCode)}`
  );
}

function suffixOf({ lease }: ConnectOptions, node: string): string {
  const id = lease?.runId ?? `${process.pid}-${Date.now()}`;
  return createHash("sha256").update(`${id} ${node}`).digest("hex").slice(0, 12);
}
