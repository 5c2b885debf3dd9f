import { localFile } from "../fixtures/local-file.js";
import { setTimeout as sleep } from "node:timers/promises";
import { Engine } from "../../lib/engine/engine.js";
import type { EngineTiming } from "../../lib/engine/timing.js";
import { HopbookError } from "../../lib/errors.js";
import type { Clock } from "../../lib/model/clock.js";
import type { RunEvent, StepKind } from "../../lib/model/steps.js";
import { parseRunbook, type Runbook } from "../../lib/runbook/index.js";

const anything = { type: "object" };

export function kind(name: string, parts: Partial<StepKind>): [string, StepKind] {
  return [
    name,
    {
      name,
      title: name,
      description: name,
      phase: "action",
      actions: [],
      inputSchema: anything,
      outputSchema: anything,
      example: {},
      plan: () => Promise.resolve({ commands: [], outputs: {}, notes: [] }),
      ...parts,
    },
  ];
}

export interface Bench {
  readonly runbook: Runbook;
  readonly engine: Engine;
  readonly log: string[];
  readonly events: RunEvent[];
  readonly abort: AbortController;
  readonly files: Map<string, unknown>;
}

export interface BenchOptions {
  readonly inputs?: Record<string, unknown>;
  readonly timing?: Partial<EngineTiming>;
  readonly clock?: Clock;
  readonly onEvent?: (event: RunEvent) => void;
}

/** Waits short: a test of what never ends must end. */
const TIMING = {
  ...{ graceMs: 60, interruptGraceMs: 60, stuckMs: 60, finallyMs: 500, finallyInterruptedMs: 200 },
};

/** An engine for `steps` (and what follows them) over kinds that write to a log. */
export function setUp(steps: string, kinds: [string, StepKind][] = [], options: BenchOptions = {}): Bench {
  const text = `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: {name: sample, title: Sample}
inputs:
  word: {type: string, default: hello}
  on: {type: boolean, default: true}
  list: {type: array, items: {type: string}, default: [a, b, c]}
${steps}`;
  const log: string[] = [];
  const events: RunEvent[] = [];
  const files = new Map<string, unknown>();
  const abort = new AbortController();
  const runbook = parseRunbook(text, "sample.yaml");
  const engine = new Engine({
    runbook,
    inputs: { word: "hello", on: true, list: ["a", "b", "c"], ...options.inputs },
    kinds: new Map([sayKind(log), ...testKinds(log), ...kinds]),
    timing: { ...TIMING, ...options.timing },
    host: {
      ...{ runId: "r1", accesses: new Map(), unreachable: new Map(), signal: abort.signal, recipeDirs: [] },
      profile: { name: "lab", nodes: [], cni: "auto", interfaces: {}, workDir: "/var/tmp" },
      sink: {
        dir: "",
        path: localFile,
        writeJson: (path, value) => Promise.resolve(void files.set(path, value)),
        appendJson: () => Promise.resolve(),
        claim: () => () => undefined,
        writeText: () => Promise.resolve(),
        registerFile: () => undefined,
      },
      ...(options.clock && { clock: options.clock }),
      demand: () => undefined,
      locateBreaks: () => Promise.resolve([]),
      followFlows: () => Promise.resolve([]),
      actionOf: () => "node/mutate",
      startSandbox: () => Promise.reject(new Error("not in this test")),
      readPackets: () => {
        throw new Error("not in this test");
      },
      onEvent: (event) => {
        events.push(event);
        options.onEvent?.(event);
      },
    },
  });
  return { runbook, engine, log, events, abort, files };
}

/** Plans and runs; the log, and how it ended. */
export async function runAll(bench: Bench): Promise<Awaited<ReturnType<Engine["run"]>>> {
  await bench.engine.plan();
  return bench.engine.run();
}

function sayKind(log: string[]): [string, StepKind] {
  return kind("log/say", {
    plan: (input) =>
      Promise.resolve({
        commands: [{ node: "n", action: "node/read", argv: ["echo", wordOf(input["text"])], effect: "read" }],
        outputs: { said: "planned" },
        notes: [],
      }),
    run: (input) => {
      log.push(wordOf(input["text"]));
      return Promise.resolve({ said: input["text"] });
    },
  });
}

function wordOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What the steps of the tests do. */
function testKinds(log: string[]): [string, StepKind][] {
  return [
    kind("find/it", {
      phase: "discovery",
      plan: (input) => {
        const name = wordOf(input["name"] ?? "web");
        log.push(`find ${name}`);
        if (name === "nobody") return Promise.reject(new HopbookError("TARGET_NOT_FOUND", "no pod"));
        return Promise.resolve({ commands: [], outputs: { name, list: [name, `${name}2`] }, notes: [] });
      },
    }),
    kind("fail/it", {
      run: (input) => {
        log.push("fail");
        const outputs = input["outputs"];
        return Promise.reject(
          new HopbookError("COMMAND_FAILED", wordOf(input["text"] ?? "gone"), { outputs }),
        );
      },
    }),
    // Goes on until it is cancelled, and then says what it has.
    kind("go/on", {
      announcesReady: true,
      run: async (input, context) => {
        const name = wordOf(input["name"] ?? "it");
        await sleep(Number(input["startMs"] ?? 0));
        log.push(`${name} on`);
        context.ready();
        const end = AbortSignal.any([context.signal, context.cancelled]);
        await sleep(Number(input["ms"] ?? 5000), undefined, { signal: end }).catch(() => undefined);
        if (context.signal.aborted) throw new Error("ended hard");
        log.push(context.cancelled.aborted ? `${name} cancelled` : `${name} off`);
        return { kept: name };
      },
    }),
    // Knows only the harder word.
    kind("hang/on", {
      run: async (input, { signal }) => {
        log.push("hang");
        await sleep(Number(input["ms"] ?? 5000), undefined, { signal });
        log.push("hung");
        return {};
      },
    }),
    // Obeys nothing.
    kind("deaf/it", { run: () => sleep(1000) }),
  ];
}
