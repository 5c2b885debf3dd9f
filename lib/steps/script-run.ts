import { HopbookError } from "../errors.js";
import type { SandboxProcess } from "../model/sandbox.js";
import type { StepContext, StepKind } from "../model/steps.js";
import { formatDuration, formatSize } from "../model/units.js";
import { createHandlers, openScript, type ScriptSession } from "../script/index.js";
import { findPlace } from "./command-place.js";
import { durationSchema, toMs } from "./schema.js";

interface Input {
  /** Absolute. */
  readonly file: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeout?: string | number;
}

const DEFAULT_TIMEOUT = "60s";
const MARGIN_MS = 500;
const MEMORY_BYTES = 256 * 1024 * 1024;

export const scriptRun: StepKind<Input> = {
  name: "script/run",
  title: "Run a script",
  description:
    "Runs a TypeScript or JavaScript file in a sandbox that allows nothing by itself: no file, network, program or " +
    "environment, and no import but of files beside it. What it asks of the engine (`hopbook/script`) passes the " +
    "runbook's permissions. What its default export returns are the step's outputs.",
  phase: "action",
  actions: [],
  planActions: [],
  plansCommands: false,
  inputSchema: {
    type: "object",
    required: ["file"],
    additionalProperties: false,
    properties: {
      file: { type: "string", minLength: 1, title: "The script, by its absolute path" },
      env: {
        type: "object",
        maxProperties: 100,
        additionalProperties: { type: ["string", "number", "boolean"] },
        title: "What the script sees as `hb.env`",
      },
      timeout: {
        ...durationSchema,
        default: DEFAULT_TIMEOUT,
        title: "When the script is ended at the latest",
      },
    },
  },
  outputSchema: {},
  example: { file: "/etc/hopbook/count-resets.ts", env: { PORT: "8080" } },
  async plan(input, context) {
    const { process, session } = await open(input, context);
    await session.close();
    const [script, ...imported] = process.modules;
    return {
      commands: [],
      outputs: {},
      notes: [
        `script ${script?.file ?? input.file}, sha256 ${script?.sha256 ?? ""}`,
        ...imported.map(({ path, sha256 }) => `imports ${path}, sha256 ${sha256}`),
        "its commands are known only when it runs; none goes beyond the permissions above",
        `ends after ${formatDuration(timeoutOf(input))} at the latest, with ${formatSize(MEMORY_BYTES)} of memory`,
      ],
    };
  },
  async run(input, context) {
    const startedMs = Date.now();
    const { process, session } = await open(input, context);
    const folder = `evidence/script/${context.evidenceName}/source`;
    for (const { path, text } of process.modules) await context.sink.writeText(`${folder}/${path}`, text);
    const timeoutMs = timeoutOf(input);
    const end = (): void => void session.close();
    context.cancelled.addEventListener("abort", end, { once: true });
    try {
      if (context.cancelled.aborted) end();
      const { inputs, steps } = context.scope();
      const value = await session.run({
        start: {
          inputs,
          steps,
          env: Object.fromEntries(
            Object.entries(input.env ?? {}).map(([name, text]) => [name, String(text)]),
          ),
          cluster: context.profile.name,
          runId: context.runId,
          nodes: [...context.accesses.keys()],
        },
        handlers: createHandlers(context, { timeoutMs, findPod: (name) => findPod(name, context) }),
        timeoutMs,
        // The engine's own limit for the step knows nothing of the script's place: this one is to be first.
        leftMs: Math.max(1, timeoutMs - (Date.now() - startedMs) - Math.min(MARGIN_MS, timeoutMs / 10)),
      });
      return value;
    } catch (error) {
      context.signal.throwIfAborted();
      if (!context.cancelled.aborted) throw error;
      context.note("info", "the script was cancelled");
      return null;
    } finally {
      context.cancelled.removeEventListener("abort", end);
      await session.close();
    }
  },
};

async function open(
  input: Input,
  context: StepContext,
): Promise<{ process: SandboxProcess; session: ScriptSession }> {
  const process = await context.startSandbox({
    file: input.file,
    memoryBytes: MEMORY_BYTES,
    signal: context.signal,
  });
  const session = await openScript(process, { note: (level, text) => context.note(level, text) });
  return { process, session };
}

async function findPod(name: string, context: StepContext): ReturnType<typeof findPlace> {
  if (/^[^/]+\/[^/]+$/.test(name) && !name.startsWith("node/")) return findPlace(name, context);
  throw new HopbookError("INPUT_INVALID", `Cannot find the pod ${JSON.stringify(name)}`, {
    hint: "Write namespace/name",
  });
}

function timeoutOf(input: Input): number {
  return toMs(input.timeout ?? DEFAULT_TIMEOUT);
}
