import { ALL_VIAS } from "../model/access.js";

/**
 * The shape of findings.json, checked where the file is read: a folder may come from somebody else, and a
 * report must not fail half-way on it. schemas/findings.json says the same for other programs.
 */

/** Returns what is wrong at `at`, or undefined. */
type Check = (value: unknown, at: string) => string | undefined;

const text: Check = (value, at) => (typeof value === "string" ? undefined : wrong(at, "a string", value));
const flag: Check = (value, at) =>
  typeof value === "boolean" ? undefined : wrong(at, "true or false", value);
const count: Check = (value, at) =>
  Number.isSafeInteger(value) && (value as number) >= 0
    ? undefined
    : wrong(at, "a whole number, 0 or more", value);
const number: Check = (value, at) => (Number.isFinite(value) ? undefined : wrong(at, "a number", value));

const orNull =
  (check: Check): Check =>
  (value, at) =>
    value === null ? undefined : check(value, at);

const oneOf =
  (...names: readonly string[]): Check =>
  (value, at) =>
    typeof value === "string" && names.includes(value)
      ? undefined
      : wrong(at, `one of ${names.join(", ")}`, value);

const list =
  (check: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return wrong(at, "a list", value);
    return value.map((item, index) => check(item, `${at}[${index}]`)).find((fault) => fault !== undefined);
  };

const record =
  (fields: Readonly<Record<string, Check>>, optional: readonly string[] = []): Check =>
  (value, at) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return wrong(at, "an object", value);
    const unknownKey = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
    if (unknownKey !== undefined) return `${at} has an unknown key ${JSON.stringify(unknownKey)}`;
    for (const [key, check] of Object.entries(fields)) {
      const item = (value as Record<string, unknown>)[key];
      if (item === undefined && optional.includes(key)) continue;
      const fault = check(item, `${at}.${key}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };

function wrong(at: string, expected: string, value: unknown): string {
  const shown = JSON.stringify(value)?.slice(0, 60) ?? "missing";
  return `${at} is ${shown}, not ${expected}`;
}

const end = record({ pod: orNull(text), node: orNull(text), ip: text, port: orNull(count) });
const role = oneOf("pod", "host-veth", "bridge", "tunnel", "nic");
const hopRef = record({ node: text, role, interface: text });
const directionCount = record({ packets: count, bytes: count });
const packetRef = record({ pcap: text, frame: count, summary: text });

const hop = record({
  index: count,
  node: text,
  role,
  interface: text,
  pcap: text,
  request: directionCount,
  reply: directionCount,
  droppedByKernel: count,
});

const verdict = record({
  status: oneOf("delivered", "lost", "rejected", "unanswered", "inconclusive"),
  direction: orNull(oneOf("request", "reply")),
  lastSeen: orNull(hopRef),
  firstMissing: orNull(hopRef),
  confidence: oneOf("high", "medium", "low"),
  cause: orNull(record({ code: text, summary: text, evidence: list(text) })),
  lookedAt: list(text),
  rejectedBy: orNull(record({ ip: text, node: orNull(text), how: text })),
  lost: record({ packets: count, of: count }),
  caveats: list(text),
  packets: list(packetRef),
});

const flow = record(
  {
    id: text,
    from: end,
    to: end,
    protocol: oneOf("icmp", "udp", "tcp"),
    probe: orNull(oneOf("ping", "ping-large", "udp", "dns-udp", "dns-tcp", "tcp-connect", "http")),
    hops: list(hop),
    replyHops: list(hop),
    verdict,
    timeline: list(
      record({ direction: oneOf("request", "reply"), summary: text, seenAtUs: list(orNull(number)) }),
    ),
  },
  ["replyHops"],
);

const via = oneOf(...ALL_VIAS);
const access = record({
  target: text,
  via: orNull(via),
  made: orNull(text),
  reason: orNull(text),
  rejected: list(record({ via, reason: text })),
});

const findings = record(
  {
    apiVersion: oneOf("hopbook.dev/v1"),
    kind: oneOf("Findings"),
    run: record(
      { id: text, runbook: text, folder: text, startedAt: text, complete: flag, incomplete: list(text) },
      ["folder"],
    ),
    flows: list(flow),
    checks: list(
      record({ id: text, status: oneOf("pass", "warn", "fail", "skipped", "incomplete"), message: text }),
    ),
    access: list(access),
  },
  ["access"],
);

/** What is wrong with a value that should be Findings, with its place (`findings.flows[0].hops`), or undefined. */
export function describeShapeFault(value: unknown): string | undefined {
  return findings(value, "findings");
}
