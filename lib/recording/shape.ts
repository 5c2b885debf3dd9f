import { ALL_VIAS } from "../model/access.js";
import type { RecordingEntry, RecordingHeader, StreamTurn } from "./format.js";

/**
 * The shape of each line, checked where a recording is read: it may come from anybody. Each check returns what is wrong,
 * or null.
 */
type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const number: Check = (value) => Number.isFinite(value);
const digest: Check = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(fields).every(([name, check]) =>
      check(Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined),
    );

const words: Check = (value) => list(text)(value) && (value as unknown[]).length > 0;
const blob: Check = (value) =>
  record({ text })(value) || record({ sha256: digest, bytes: count })(value) || record({ cut: count })(value);
const error = record({
  code: orNull(text),
  name: text,
  message: text,
  hint: optional(text),
  detail: optional(text),
});
const call = {
  ...{ start: count, end: count, node: text, action: text, startedAt: text, durationMs: number },
  error: orNull(error),
};

const kubeNode = record({
  ...{ runtime: text, ready: flag, notReady: orNull(text), cordoned: flag },
  taints: list(record({ key: text, value: text, effect: text })),
  ...{ podCidrs: list(text), osImage: text, kernel: text, annotations: record({}) },
});
const choice = record({
  ...{ target: text, via: orNull(oneOf(...ALL_VIAS)), reason: text },
  rejected: list(record({ via: oneOf(...ALL_VIAS), reason: text })),
});

const header = record({
  type: oneOf("recording"),
  version: oneOf(1),
  run: record({
    id: (value) => typeof value === "string" && /^[0-9a-f]{12}$/.test(value),
    runbook: text,
    startedAt: isTime,
  }),
  cluster: record({
    name: text,
    cni: text,
    interfaces: record({ underlay: optional(text) }),
    workDir: text,
    runtimeEndpoint: optional(text),
    nodes: list(
      record({
        ...{ name: text, address: optional(text), via: oneOf(...ALL_VIAS) },
        ...{ pod: optional(text), kube: optional(kubeNode) },
      }),
    ),
    kube: optional(record({ context: text, namespace: text })),
    choices: optional(list(choice)),
  }),
});

const ENTRIES: Readonly<Record<RecordingEntry["type"], Check>> = {
  exec: record({
    ...{ ...call, argv: words, exitCode: orNull(number), signal: orNull(text) },
    ...{ timedOut: flag, canceled: flag, truncated: flag, stdout: blob, stderr: blob },
  }),
  pull: record({ ...call, path: text, file: orNull(text), bytes: count, sha256: orNull(digest) }),
  stream: record({
    ...{ ...call, argv: words, exitCode: orNull(number), signal: orNull(text), transportLost: flag },
    ...{ killed: flag, stderr: blob, turns: blob },
  }),
  kube: record({ ...call, argv: words, answer: blob }),
  login: record({ node: text, error: orNull(error) }),
  sleep: record({ start: count, end: count, ms: number, aborted: flag }),
  limit: record({ start: count, end: count, ms: number, nth: count }),
  step: record({ seq: count, step: text, what: oneOf("started", "ended") }),
  interrupt: record({ seq: count }),
  denial: record({ seq: count, request: record({}), error }),
  end: record({ seq: count, incomplete: orNull(text) }),
};

const turn: Check = (value) =>
  record({ seq: count, atMs: number })(value) &&
  (record({ out: list(text) })(value) ||
    record({ in: text })(value) ||
    record({ closed: oneOf(true) })(value));

export function isHeader(value: unknown): value is RecordingHeader {
  return header(value);
}

export function isEntry(value: unknown): value is RecordingEntry {
  const type = (value as { type?: unknown } | null)?.type;
  return (
    typeof type === "string" && Object.hasOwn(ENTRIES, type) && ENTRIES[type as keyof typeof ENTRIES](value)
  );
}

export function isTurn(value: unknown): value is StreamTurn {
  return turn(value);
}

function isTime(value: unknown): boolean {
  return (
    typeof value === "string" &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}
