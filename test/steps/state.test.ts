import t from "tap";
import { HopbookError } from "../../lib/errors.js";
import type { Argv } from "../../lib/model/access.js";
import { partsOf } from "../../lib/model/snapshot.js";
import type { StateRecord } from "../../lib/model/evidence.js";
import type { BreakLocation, StepKind, StepPlan } from "../../lib/model/steps.js";
import { STEP_KINDS } from "../../lib/steps/registry.js";
import { BREAK, fakeContext, fakeNode, makeFlow, makePath } from "./samples.js";

const INPUT = { paths: [makePath()], flows: [makeFlow()] };
const NO_PLAN: StepPlan = { commands: [], outputs: {}, notes: [] };
const inspect = STEP_KINDS.get("state/inspect") as StepKind;
const baseline = STEP_KINDS.get("state/baseline") as StepKind;

async function inspectAround(breaks: readonly BreakLocation[]) {
  const nodes = [fakeNode("node-a", () => ({ stdout: Buffer.from("[]") })), fakeNode("node-b")];
  const fake = fakeContext(
    nodes.map((node) => node.access),
    { locateBreaks: () => Promise.resolve(breaks) },
  );
  const outputs = await inspect.run?.(INPUT, fake.context, NO_PLAN);
  const file = fake.files.get("evidence/state.json") as { state: StateRecord[] };
  return { outputs, state: file.state, calls: nodes.flatMap((node) => node.calls), fake };
}

t.test("where nothing broke nothing is read", async (t) => {
  for (const breaks of [
    [],
    [{ ...BREAK, status: "delivered" as const }],
    [{ ...BREAK, flowId: "unknown" }],
  ]) {
    const { calls, outputs, state } = await inspectAround(breaks);
    t.strictSame(calls, []);
    t.strictSame(outputs, { read: 0 });
    t.strictSame(state, []);
  }
});

t.test("around a break the nodes are read, and only by what the plan showed", async (t) => {
  const { calls, outputs, state } = await inspectAround([BREAK]);
  const plan = await inspect.plan(INPUT, fakeContext().context);
  const list = (commands: readonly { readonly node: string; readonly argv: Argv }[]): string[] =>
    commands.flatMap(({ node, argv }) => partsOf(argv).map((part) => JSON.stringify([node, part])));
  const [shown, ran] = [new Set(list(plan.commands)), list(calls)];
  t.ok(ran.length > 0);
  for (const part of ran) t.ok(shown.has(part), part);
  t.ok(ran.length < shown.size, "less than the whole");
  t.ok(calls.length <= 3, "one command a network namespace");
  t.ok(state.length > 10, "and one record a look");
  t.ok(plan.commands.every((command) => command.condition !== undefined));
  t.equal((outputs as { read: number }).read, state.filter((record) => record.exitCode === 0).length);
  t.ok(state.every((record) => record.phase === "after"));
});

t.test("what a flow's own path needs is in the plan, whichever paths are named", async (t) => {
  const { path } = makeFlow();
  const far = {
    ...path,
    to: { ...path.to, ip: "203.0.113.9", addresses: [{ ip: "203.0.113.9", port: 80 }] },
  };
  const planOf = async (flows: readonly object[]): Promise<string> =>
    JSON.stringify((await inspect.plan({ ...INPUT, flows }, fakeContext().context)).commands);
  t.match(await planOf([{ ...makeFlow(), path: far }]), /203\.0\.113\.9/);
  t.equal(await planOf([makeFlow(), makeFlow()]), await planOf([]), "each look once");
});

t.test("looks of the baseline are kept beside those around the break", async (t) => {
  const fake = fakeContext([]);
  fake.files.set("evidence/state.json", { state: [{ kind: "links", phase: "before" }] });
  await inspect.run?.(INPUT, fake.context, NO_PLAN);
  t.match(fake.files.get("evidence/state.json"), { state: [{ kind: "links", phase: "before" }] });
});

t.test("the baseline keeps what each look said and warns of nodes that are not open", async (t) => {
  const a = fakeNode("node-a", () => ({ stdout: Buffer.from("{}") }));
  const fake = fakeContext([a.access]);
  const outputs = (await baseline.run?.(INPUT, fake.context, NO_PLAN)) as { read: number };
  t.equal(outputs.read, a.calls.flatMap(({ argv }) => partsOf(argv)).length);
  t.ok(outputs.read > 0);
  t.match(fake.notes, [
    /^warn: \d+ of \d+ looks at the nodes failed; the first: .+ on node-b: the node is not open/,
  ]);
  const { state } = fake.files.get("evidence/state.json") as { state: StateRecord[] };
  for (const record of state.filter(({ exitCode }) => exitCode === 0)) t.ok(fake.files.has(record.file));
});

t.test("a program that a node lacks is no warning, a refusal is", async (t) => {
  const missing = [fakeNode("node-a"), fakeNode("node-b")].map((node) => node.access);
  const quiet = fakeContext(missing);
  await baseline.run?.(INPUT, quiet.context, NO_PLAN);
  t.strictSame(quiet.notes, []);
  const denied = (): Error => new HopbookError("PERMISSION_DENIED", "not granted");
  const refused = [fakeNode("node-a", denied), fakeNode("node-b", denied)].map((node) => node.access);
  const loud = fakeContext(refused);
  await baseline.run?.(INPUT, loud.context, NO_PLAN);
  t.match(loud.notes, [/not granted/]);
});
