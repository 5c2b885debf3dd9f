import { planContainerExec, readContainerExec, showTail } from "../../cluster/index.js";
import { HopbookError } from "../../errors.js";
import { CONTAINER_EXEC } from "../../model/exec/container-exec.js";
import type { PlannedCommand, StepKind } from "../../model/steps.js";
import { formatDuration } from "../../model/units.js";
import { wordsOf } from "../command-run.js";
import { durationSchema, NOT_YET, toMs } from "../schema.js";
import { executePlanned } from "../shared/execute.js";
import { keepPrinted } from "../shared/printed.js";
import { findPodOnNode } from "./find-container.js";

interface Input {
  readonly pod: string;
  readonly container?: string | null;
  readonly argv: readonly unknown[];
  readonly atMost?: string | number;
}

interface Output {
  /** null where it was ended. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** Over 1 MiB on one of them: the rest is not there, and the command was ended. */
  readonly truncated: boolean;
  readonly node: string;
  readonly tookMs: number;
}

const MOST_MS = 600_000;
/** For the runtime to begin and end. */
const GRACE_MS = 20_000;

export const trafficExec: StepKind<Input, Output> = {
  name: "traffic/exec",
  title: "Run a command in a container",
  description:
    "Runs one command, given as its words, in a container of a pod, with the container's own programs, user and limits: by the " +
    "runtime of its node (crictl, ctr or docker). What it prints and its exit code are evidence and outputs; an exit code other " +
    "than 0 is an answer and fails no step. It needs `container/exec`, and `permissions.shell` where the command can run others. " +
    "It is ended after `atMost`.",
  phase: "action",
  detach: "before",
  actions: ["runtime/pods", "runtime/inspect", CONTAINER_EXEC],
  planActions: ["runtime/pods", "runtime/inspect"],
  inputSchema: {
    type: "object",
    required: ["pod", "argv"],
    additionalProperties: false,
    properties: {
      pod: { type: "string", minLength: 1, title: "`ns/pod`, or what names one pod" },
      container: {
        anyOf: [{ type: "string", pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" }, { type: "null" }],
        default: null,
        title: "Its container; default: the only one that runs",
      },
      argv: { type: "array", minItems: 1, title: "The command's words; never a shell string" },
      atMost: { ...durationSchema, default: "30s", title: "When it is ended; 10m at most" },
    },
  },
  outputSchema: {
    type: "object",
    properties: {
      exitCode: { type: ["integer", "null"] },
      stdout: { type: "string" },
      stderr: { type: "string" },
      timedOut: { type: "boolean" },
      truncated: { type: "boolean" },
      node: { type: "string" },
      tookMs: { type: "number" },
    },
  },
  example: { pod: "shop/client", argv: ["curl", "-sk", "-m", "5", "https://web.shop:8443/"] },
  check({ argv, atMost }) {
    const [program] = wordsOf(argv);
    const refuse = (why: string, hint: string): HopbookError =>
      new HopbookError("INPUT_INVALID", `Cannot run a command in a container: ${why}`, { hint });
    if (program.startsWith("-")) throw refuse(`${JSON.stringify(program)} is no program`, "Name it first");
    if (atMost !== undefined && (toMs(atMost) > MOST_MS || toMs(atMost) < 1000)) {
      throw refuse(
        `${atMost} is no time for it`,
        "Between 1s and 10m: `command/run` on a node may take longer",
      );
    }
  },
  async plan(input, context) {
    trafficExec.check?.(input);
    const words = wordsOf(input.argv);
    const found = await findPodOnNode(input.pod, context);
    const { node, namespace, name, sandboxId, containers, reads } = found;
    const pod = `${namespace}/${name}`;
    const container = input.container ?? null;
    const fault =
      containers.length === 0
        ? undefined
        : container === null
          ? containers.length > 1 && "it runs several containers"
          : !containers.includes(container) && `it runs no container ${JSON.stringify(container)}`;
    if (fault) {
      throw new HopbookError("INPUT_INVALID", `Cannot run a command in ${pod}: ${fault}`, {
        hint: `Name one as container: ${containers.join(", ")}`,
      });
    }
    const place = { namespace, pod: name, sandboxId, container };
    const limits = { seconds: toMs(input.atMost ?? "30s") / 1000, endpoint: context.profile.runtimeEndpoint };
    const argv = planContainerExec(place, words, limits);
    const command: PlannedCommand = { node, action: CONTAINER_EXEC, argv, effect: "change" };
    return {
      commands: [...reads, command],
      outputs: NOT_YET,
      notes: [`in ${pod}${container === null ? "" : `, container ${container}`}: ${words.join(" ")}`],
    };
  },
  async run({ argv, pod, container, atMost = "30s" }, context, { commands }) {
    const command = commands.at(-1);
    if (command === undefined) throw new HopbookError("INTERNAL", "There is no command to run");
    const words = wordsOf(argv);
    const result = await executePlanned(command, toMs(atMost) + GRACE_MS, context);
    context.signal.throwIfAborted();
    const { node, stdout, truncated, durationMs: tookMs } = result;
    const end = truncated || result.canceled || result.timedOut ? null : readContainerExec(result);
    if (end?.kind === "refused") {
      throw new HopbookError(
        end.isMissing ? "TOOL_MISSING" : "COMMAND_FAILED",
        `Cannot run ${words[0]} in ${pod}: ${end.why}`,
        {
          where: { node },
          detail: showTail(result.stderr.toString("utf8")),
          ...(end.isMissing && { hint: "The container has no such program: traffic/probe uses the node's" }),
        },
      );
    }
    const exitCode = end?.kind === "ended" ? end.exitCode : null;
    const stderr = end?.stderr ?? result.stderr.toString("utf8");
    const on = container == null ? pod : `${pod}, container ${container}`;
    await keepPrinted({ ...result, exitCode, stderr: Buffer.from(stderr) }, { words, on }, context);
    if (truncated) context.markIncomplete(`${words[0]} in ${pod} printed more than 1 MiB and was ended`);
    const timedOut = result.timedOut || end?.kind === "timedOut";
    if (timedOut)
      context.note("warn", `${words[0]} in ${pod} was ended after ${formatDuration(toMs(atMost))}`);
    return { exitCode, stdout: stdout.toString("utf8"), stderr, timedOut, truncated, node, tookMs };
  },
};
