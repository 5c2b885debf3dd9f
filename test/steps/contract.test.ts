import t from "tap";
import { CAPTURE_SCRIPTS } from "../../lib/capture/index.js";
import { CLUSTER_SCRIPTS } from "../../lib/cluster/index.js";
import { validateValue } from "../../lib/document/index.js";
import type { ProbeKind, Protocol } from "../../lib/model/traffic.js";
import type { StepKind } from "../../lib/model/steps.js";
import { ACTIONS, findArgvFault } from "../../lib/permissions/index.js";
import { interpolateValue, parseRunbook, type RunbookStep } from "../../lib/runbook/index.js";
import { checkRunbook } from "../../lib/runbook/kinds.js";
import { STEP_KINDS } from "../../lib/steps/registry.js";
import { PROBE_SCRIPTS } from "../../lib/traffic/index.js";
import { fakeContext, fakeNode, makeFlow, makePath } from "./samples.js";

const PLAIN = `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: {name: plain, title: Plain}
steps: [{id: a, uses: time/wait, with: {duration: 1s}}]
`;
const kinds = [...STEP_KINDS.values()];
const SCRIPTS = new Map(
  Object.entries({ ...CLUSTER_SCRIPTS, ...CAPTURE_SCRIPTS, ...PROBE_SCRIPTS }).map(
    ([name, text]) => [name, new Set([text])] as const,
  ),
);

const PROBES: readonly (readonly [ProbeKind, Protocol])[] = [
  ["ping", "icmp"],
  ["ping-large", "icmp"],
  ["udp", "udp"],
  ["dns-udp", "udp"],
  ["dns-tcp", "tcp"],
  ["tcp-connect", "tcp"],
  ["http", "tcp"],
];
const flows = PROBES.map(([probe, protocol], index) =>
  makeFlow({ id: `f${index}-${probe}`, probe, protocol }),
);
const paths = [makePath()];

/** Two nodes that have no program at all. */
function contextOf(): ReturnType<typeof fakeContext> {
  const nodes = ["node-a", "node-b"].map((name) => fakeNode(name).access);
  return fakeContext(nodes, {
    actionOf: () => "node/read",
    sink: { ...fakeContext().context.sink, dir: "/nowhere" },
  });
}

/** Steps with the names that examples refer to. */
const BEFORE = [
  { id: "path", uses: "path/discover" },
  { id: "flows", uses: "flow/define" },
  { id: "capture", uses: "capture/start" },
].map((step) => ({ ...step, with: STEP_KINDS.get(step.uses)?.example }));
const BEFORE_ACTIONS = BEFORE.flatMap(({ uses }) => STEP_KINDS.get(uses)?.actions ?? []);

/** What the steps have put out that examples refer to. */
const STEPS = {
  path: { outputs: { paths, tools: {} } },
  flows: { outputs: { flows } },
  capture: { outputs: { capture: "captures" } },
};

/** An input for every action that plans commands, expressions filled in. */
const INPUTS: Readonly<Record<string, Record<string, unknown>>> = {
  "flow/define": { paths },
  "state/baseline": { paths },
  "drops/start": { paths },
  "capture/start": { flows },
  "traffic/probe": { flows },
  "dns/lookup": { flows, names: ["web"], servers: [] },
  "dns/judge": { ...STEP_KINDS.get("dns/judge")?.example },
  "connect/judge": {},
  "mtu/judge": { flows },
  "nodes/judge": {},
  "egress/judge": {},
  "loss/judge": {},
  "pods/judge": {},
  "policy/judge": { audits: [] },
  "service/judge": { ...STEP_KINDS.get("service/judge")?.example },
  "time/wait": { duration: "10ms" },
  "command/run": { argv: ["ip", "-s", "link", "show"], on: "node/node-a" },
  "capture/stop": { capture: "captures" },
  "capture/freeze": { capture: "captures" },
  "capture/mark": { text: "now" },
  "trigger/wait": { command: { argv: ["ip", "link"], on: "node/node-a" } },
  "capture/watch": { flows, duration: "10ms" },
  "capture/join": { capture: "captures", pods: "app=web" },
  "host/follow": { capture: "captures", hosts: ["db"], addresses: [] },
  "drops/collect": {},
  "state/audit": { paths },
  "state/inspect": { paths, flows },
};

for (const kind of kinds) {
  t.test(`${kind.name}: its example is valid in a runbook that declares its actions`, (t) => {
    const lines = [
      ...["apiVersion: hopbook.dev/v1", "kind: Runbook", "metadata: {name: example, title: Example}"],
      `permissions: ${JSON.stringify({ node: {}, exec: [...new Set([...kind.actions, ...BEFORE_ACTIONS])] })}`,
      `steps: ${JSON.stringify([...BEFORE, { id: "it", uses: kind.name, with: kind.example }])}`,
    ];
    const runbook = parseRunbook(lines.join("\n"), "example.yaml");
    t.doesNotThrow(() => checkRunbook(runbook, kinds));
    const step = runbook.steps.at(-1) as RunbookStep;
    t.throws(
      () => checkRunbook({ ...runbook, steps: [{ ...step, with: { ...step.with, nonsense: 1 } }] }, kinds),
      { code: "DOCUMENT_INVALID" },
      "a key that it does not know is refused",
    );
    t.end();
  });

  t.test(`${kind.name}: its actions exist, and its words can be shown`, (t) => {
    for (const action of kind.actions) t.ok(Object.hasOwn(ACTIONS, action), action);
    t.match(kind.title, /^[A-Z]\S/);
    t.match(kind.description, /\.$/);
    t.equal(kind.run === undefined, kind.phase === "discovery", "discovery plans, actions run");
    t.end();
  });
}

/** Examples that need more than these nodes have; they run in path-discover.test.ts, pod-locate.test.ts, traffic/, dns/, hosts/, the lab's nodes.test.ts and in lib/script's own tests. */
const ELSEWHERE = new Set([
  ...["path/discover", "pod/locate", "dns/read", "host/resolve", "nodes/paths", "script/run"],
  ...["service/paths", "traffic/exec", "pods/paths"],
]);

for (const kind of kinds.filter(({ name }) => !ELSEWHERE.has(name))) {
  t.test(`${kind.name}: its example is planned and run`, async (t) => {
    const { context, releases } = contextOf();
    const place = { document: parseRunbook(PLAIN, "example.yaml").document, path: [] };
    const input = interpolateValue(kind.example, { steps: STEPS }, place) as Record<string, unknown>;
    t.strictSame(validateValue(input, kind.inputSchema), [], "its expressions give what the schema wants");
    kind.check?.(input);
    const plan = await kind.plan(input, context);
    t.strictSame(validateValue(plan.outputs, kind.outputSchema), []);
    if (kind.run === undefined) return;
    // Whoever waits is told to end soon.
    const outputs = await kind
      .run(input, { ...context, cancelled: AbortSignal.timeout(100) }, plan)
      .catch((error: unknown) => error);
    for (const release of releases) await release({ interrupted: false });
    if (!(outputs instanceof Error)) t.strictSame(validateValue(outputs, kind.outputSchema), []);
    else t.match(outputs, { name: "HopbookError", code: /^(CAPTURE_FAILED|TOOL_MISSING)$/ }, outputs.message);
  });
}

t.test("every kind is planned below, but for discovery of the path, which the lab's tests run", (t) => {
  t.strictSame(
    Object.keys(INPUTS).sort(),
    [...STEP_KINDS.keys()].filter((name) => !ELSEWHERE.has(name)).sort(),
  );
  t.end();
});

for (const [name, input] of Object.entries(INPUTS)) {
  t.test(`${name}: what it plans is declared, may be run, and fits its schemas`, async (t) => {
    const kind = STEP_KINDS.get(name) as StepKind;
    t.strictSame(validateValue(input, kind.inputSchema), []);
    const plan = await kind.plan(input, contextOf().context);
    t.strictSame(validateValue(plan.outputs, kind.outputSchema), []);
    for (const { action, argv, node } of plan.commands) {
      // A command of the runbook's own runs under what the runbook declares.
      if (kind.actions.length > 0) t.ok(kind.actions.includes(action), `${action} is declared`);
      t.match(node, /^node-[ab]$/);
      t.equal(findArgvFault(action, argv, SCRIPTS), undefined, argv.join(" ").slice(0, 120));
    }
  });
}

t.test("the actions that work on nodes do plan commands", async (t) => {
  const counts = await Promise.all(
    ["state/baseline", "drops/start", "capture/start", "traffic/probe", "state/inspect"].map(async (name) => {
      const plan = await STEP_KINDS.get(name)?.plan(INPUTS[name] ?? {}, fakeContext().context);
      return plan?.commands.length ?? 0;
    }),
  );
  t.ok(
    counts.every((count) => count >= 2),
    String(counts),
  );
});

t.test("a plan that is only shown has no run id yet, and plans the same commands", async (t) => {
  for (const name of ["capture/start", "traffic/probe", "drops/start"]) {
    const kind = STEP_KINDS.get(name) as StepKind;
    const real = await kind.plan(INPUTS[name] ?? {}, fakeContext().context);
    const shown = await kind.plan(INPUTS[name] ?? {}, fakeContext([], { runId: "plan" }).context);
    t.equal(shown.commands.length, real.commands.length);
    for (const { action, argv } of shown.commands) t.equal(findArgvFault(action, argv, SCRIPTS), undefined);
  }
});
