import { spawn, type ChildProcess } from "node:child_process";
import { HopbookError } from "../errors.js";
import { isAlive } from "./state.js";
import type { LabProcess, LabState } from "./types.js";

export interface LabCommandResult {
  /** null where a signal or the time-out ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

export interface LabCommandOptions {
  /** Default 60,000: what takes a moment takes much longer on a machine that is busy. */
  readonly timeoutMs?: number;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs a program of this machine to its end; never rejects for an exit code. */
export function runProgram(
  argv: readonly string[],
  options: LabCommandOptions = {},
): Promise<LabCommandResult> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, LC_ALL: "C", ...options.env },
  });
  return collect(child, {
    argv,
    stdin: options.stdin ?? "",
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  });
}

function collect(
  child: ChildProcess,
  run: { readonly argv: readonly string[]; readonly stdin: string; readonly timeoutMs: number },
): Promise<LabCommandResult> {
  return new Promise((resolve, reject) => {
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let size = 0;
    let timedOut = false;
    const killGroup = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup();
    }, run.timeoutMs);
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_OUTPUT_BYTES) killGroup();
        else output[name].push(chunk);
      });
    }
    child.on("error", (cause) => {
      clearTimeout(timer);
      const message = `Cannot start ${run.argv[0] ?? ""}: ${cause.message}`;
      reject(new HopbookError("LAB_FAILED", message, { cause }));
    });
    child.on("close", (exitCode) => {
      clearTimeout(timer);
      resolve({
        exitCode,
        stdout: Buffer.concat(output.stdout).toString("utf8"),
        stderr: Buffer.concat(output.stderr).toString("utf8"),
        timedOut,
      });
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(run.stdin);
  });
}

/** The nsenter options that lead to a process of the lab; a rootless lab's user namespace comes first. */
function enterArgv(lab: LabState, target: LabProcess, namespaces: readonly string[]): string[] {
  const user = lab.rootless ? ["--user", "--preserve-credentials"] : [];
  return ["nsenter", "-t", String(target.pid), ...user, ...namespaces];
}

function requireAlive(lab: LabState, target: LabProcess): void {
  if (isAlive(target)) return;
  throw new HopbookError(
    "LAB_FAILED",
    `Cannot enter lab ${lab.name}: process ${String(target.pid)} is gone`,
    {
      hint: "Take the lab down and bring it up again",
    },
  );
}

/** Runs a command where the operator sits: the machine's files, the operator's network. */
export async function execInOperator(
  lab: LabState,
  argv: readonly string[],
  options: LabCommandOptions = {},
): Promise<LabCommandResult> {
  requireAlive(lab, lab.operator);
  return runProgram([...enterArgv(lab, lab.operator, ["--net"]), "--", ...argv], options);
}

/** Runs a command in the underlay's network namespace, beside the bridge. */
export async function execInUnderlay(
  lab: LabState,
  argv: readonly string[],
  options: LabCommandOptions = {},
): Promise<LabCommandResult> {
  requireAlive(lab, lab.supervisor);
  return runProgram([...enterArgv(lab, lab.supervisor, ["--net"]), "--", ...argv], options);
}

const NODE_NAMESPACES = ["--mount", "--uts", "--ipc", "--net", "--pid"];
const NODE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Runs a command on a node, as root there. */
export async function execInNode(
  lab: LabState,
  node: string,
  argv: readonly string[],
  options: LabCommandOptions = {},
): Promise<LabCommandResult> {
  const target = lab.nodes.find((each) => each.name === node);
  if (target === undefined) {
    throw new HopbookError(
      "TARGET_NOT_FOUND",
      `Cannot find node ${node}: lab ${lab.name} has none of that name`,
      {
        hint: `Its nodes are ${lab.nodes.map((each) => each.name).join(", ")}`,
      },
    );
  }
  requireAlive(lab, target);
  const env = { HOME: "/root", PATH: NODE_PATH, ...options.env };
  return runProgram([...enterArgv(lab, target, NODE_NAMESPACES), "--", ...argv], { ...options, env });
}

/** Runs a command in a pod (`namespace/name`): its mounts, processes and network. */
export async function execInPod(
  lab: LabState,
  pod: string,
  argv: readonly string[],
  options: LabCommandOptions = {},
): Promise<LabCommandResult> {
  for (const node of lab.nodes) {
    const found = node.pods.find((each) => `${each.namespace}/${each.name}` === pod);
    if (found === undefined) continue;
    const inner = ["nsenter", "-t", String(found.pid), ...NODE_NAMESPACES, "--", ...argv];
    return execInNode(lab, node.name, inner, options);
  }
  throw new HopbookError("TARGET_NOT_FOUND", `Cannot find pod ${pod}: lab ${lab.name} has none of that name`);
}
