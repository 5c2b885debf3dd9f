import { showTail } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import type { Argv, ExecResult } from "../model/access.js";
import { findNodesFile } from "../model/node-files.js";
import type { PlannedCommand, StepContext, StepKind } from "../model/steps.js";
import { findPlace } from "./command-place.js";
import { executePlanned } from "./shared/execute.js";
import { keepPrinted } from "./shared/printed.js";

interface Input {
  readonly argv: readonly unknown[];
  readonly on: string;
}

interface Output {
  /** null where it was cancelled, or ended because it printed too much. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Over 1 MiB on one of them: the rest is not there, and the command was ended. */
  readonly truncated: boolean;
  readonly cancelled: boolean;
  readonly node: string;
}

/** Where the step has no `timeout`: no command is waited for without an end. */
const LONGEST_MS = 3_600_000;
/** Under these nothing is known of what the command does. */
const UNNAMED = new Set(["node/mutate", "node/shell"]);

export const commandRun: StepKind<Input, Output> = {
  name: "command/run",
  title: "Run a command",
  description:
    "Runs one command, given as its words, on a node or in the network namespace of a pod, with the node's programs. " +
    "A word that is an expression which gives a list stands for the list's items. It runs under a named action that " +
    "the runbook declares and that allows it, else as `node/mutate` or `node/shell`. An exit code other than 0 " +
    "fails the step; its outputs can be seen where `continueOnError` is set. At most 1 MiB of its output is kept.",
  phase: "action",
  actions: [],
  planActions: ["runtime/pods", "runtime/inspect"],
  inputSchema: {
    type: "object",
    required: ["argv", "on"],
    additionalProperties: false,
    properties: {
      argv: { type: "array", minItems: 1, title: "The command's words; never a shell string" },
      on: {
        type: "string",
        minLength: 1,
        title: "`node/NAME`, or `ns/pod` for the network namespace of a pod",
      },
    },
  },
  outputSchema: {
    type: "object",
    properties: {
      exitCode: { type: ["integer", "null"] },
      stdout: { type: "string" },
      stderr: { type: "string" },
      truncated: { type: "boolean" },
      cancelled: { type: "boolean" },
      node: { type: "string" },
    },
  },
  example: { argv: ["ip", "-s", "-j", "link", "show"], on: "node/node-a" },
  check(input) {
    wordsOf(input.argv);
  },
  async plan(input, context) {
    const words = wordsOf(input.argv);
    const place = await findPlace(input.on, context);
    const fault = place.enter === null ? undefined : findNodesFile(words, input.on);
    if (fault !== undefined) throw new HopbookError("INPUT_INVALID", fault.message, { hint: fault.hint });
    const argv: Argv = place.enter === null ? words : ["nsenter", `--net=${place.enter}`, "--", ...words];
    const action = context.actionOf(argv);
    return {
      commands: [...place.reads, { node: place.node, action, argv, effect: effectOf(action) }],
      outputs: { node: place.node } as Output,
      notes: [],
    };
  },
  async run({ argv: words, on }, context, { commands }) {
    const command = commands.at(-1);
    if (command === undefined) throw new HopbookError("INTERNAL", "There is no command to run");
    const result = await executePlanned(command, LONGEST_MS, context);
    await keepPrinted(result, { words: wordsOf(words), on }, context);
    return judge(result, context);
  },
};

function effectOf(action: string): PlannedCommand["effect"] {
  if (UNNAMED.has(action)) return "change";
  return action === "netns/probe" ? "traffic" : "read";
}

/** The words of a command, lists spread. Throws INPUT_INVALID for what is no word. */
export function wordsOf(values: readonly unknown[]): Argv {
  const words = values.flat(1).map((value, index) => {
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    if (typeof value === "string" && !value.includes("\0")) return value;
    const what = typeof value === "string" ? "text with a NUL" : (JSON.stringify(value) ?? "nothing");
    throw refuse(
      `its word ${index + 1} is ${what.slice(0, 80)}`,
      "A word is text, a number or true or false",
    );
  });
  const [program, ...rest] = words;
  if (program === undefined || program === "") throw refuse("it has no program", "Name the program first");
  return [program, ...rest];
}

function refuse(why: string, hint: string): HopbookError {
  return new HopbookError("INPUT_INVALID", `Cannot run a command: ${why}`, { hint });
}

function judge(result: ExecResult, context: StepContext): Output {
  const { node, argv, exitCode, truncated } = result;
  context.signal.throwIfAborted();
  const cancelled = result.canceled;
  const stdout = result.stdout.toString("utf8");
  const stderr = result.stderr.toString("utf8");
  const outputs = { exitCode, stdout, stderr, truncated, cancelled, node };
  if (exitCode === 0 || cancelled) return outputs;
  if (truncated) {
    context.markIncomplete(`${argv[0]} on ${node} printed more than 1 MiB and was ended`);
    return outputs;
  }
  const ended = result.timedOut
    ? "it did not end within an hour"
    : exitCode === null
      ? `it was ended by ${result.signal ?? "the transport"}`
      : `exit code ${exitCode}`;
  throw new HopbookError(
    result.timedOut ? "COMMAND_TIMEOUT" : exitCode === 127 ? "TOOL_MISSING" : "COMMAND_FAILED",
    `Cannot run ${argv[0] === "nsenter" ? (argv[3] ?? "") : argv[0]} on ${node}: ${ended}`,
    {
      where: { node, argv },
      detail: showTail(stderr),
      ...(exitCode === 127 ? { hint: "Install the program on the node" } : {}),
      outputs,
    },
  );
}
