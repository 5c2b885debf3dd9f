import t from "tap";
import type { StepKind } from "../../lib/model/steps.js";
import { STEP_KINDS } from "../../lib/steps/registry.js";
import { kind, setUp } from "./setup.js";

const PATHS = [
  { to: "a", hops: [{ index: 0, mtuBytes: 1450, note: undefined }] },
  { to: "b", hops: [] },
];
const TOOLS = { "node-a": { workDir: "/var/tmp" }, "node-b": { workDir: "/tmp" } };
const anything = { type: "object" };

/** A kind that gives paths, one that takes them, and a script that may invoke any. */
function benchOf(steps: string, body?: Parameters<typeof kind>[1]["run"]): ReturnType<typeof setUp> {
  return setUp(`steps:\n  - {id: find, uses: give/paths}\n${steps}`, [
    kind("give/paths", {
      ...{ phase: "discovery", gives: { paths: "path", tools: "node's tools" } },
      plan: () => Promise.resolve({ commands: [], outputs: { paths: PATHS, tools: TOOLS }, notes: [] }),
    }),
    kind("take/paths", {
      takes: { paths: "path", tools: "node's tools" },
      inputSchema: { ...anything, properties: { paths: { type: "array" }, tools: anything } },
      run: (input) => Promise.resolve({ got: (input["paths"] as unknown[]).length }),
    }),
    kind("make/any", { run: (input) => Promise.resolve(input) }),
    ...(body === undefined ? [] : [kind("script/like", { run: body })]),
  ]);
}

async function outcomeOf(bench: ReturnType<typeof setUp>): Promise<{ status: string; message: string }> {
  try {
    await bench.engine.plan();
  } catch (error) {
    return { status: "refused", message: (error as Error).message };
  }
  const { status, error } = await bench.engine.run();
  return { status, message: error?.message ?? "" };
}

const take = (paths: string, more = ""): string =>
  `  - {id: take, uses: take/paths, with: {paths: ${paths}${more}}}`;

for (const [what, paths, more] of [
  ["all of them", '"${{ steps.find.outputs.paths }}"', ', tools: "${{ steps.find.outputs.tools }}"'],
  ["one of them", '"${{ [steps.find.outputs.paths[1]] }}"', ""],
  ["those that a filter leaves", "\"${{ steps.find.outputs.paths.filter(p, p.to == 'a') }}\"", ""],
  ["none", "[]", ""],
] as const) {
  t.test(`handed on: ${what}`, async (t) => {
    t.match(await outcomeOf(benchOf(take(paths, more))), { status: "done", message: "" });
  });
}

for (const [what, paths, more] of [
  ["a literal", "[{to: x, hops: []}]", ""],
  ["a part of one", "\"${{ [{'to': steps.find.outputs.paths[0].to}] }}\"", ""],
  ["one that is another object", '"${{ [steps.find.outputs.tools] }}"', ""],
  ["what another kind hands through", '"${{ steps.any.outputs.paths }}"', ""],
  ["tools of another name", "[]", ", tools: {node-c: {workDir: /var/tmp}}"],
  ["tools under another's name", "[]", ", tools: {node-a: \"${{ steps.find.outputs.tools['node-b'] }}\"}"],
] as const) {
  t.test(`refused: ${what}`, async (t) => {
    const made = "  - {id: any, uses: make/any, with: {paths: [{to: evil, hops: []}]}}\n";
    const { status, message } = await outcomeOf(benchOf(made + take(paths, more)));
    t.not(status, "done");
    t.match(
      message,
      /^Cannot use (paths\[0\]|tools\[node-.\]) for take\/paths: no step of this run gave this/,
    );
  });
}

t.test("a script hands on what it was given, and makes up nothing", async (t) => {
  const results: string[] = [];
  const bench = benchOf("  - {id: script, uses: script/like}", async (_input, context) => {
    const copy = JSON.parse(JSON.stringify(PATHS)) as { hops: { mtuBytes: number }[] }[];
    await context.invoke("take/paths", { paths: copy });
    results.push("copy");
    for (const hop of copy[0]?.hops ?? []) hop.mtuBytes = 9000;
    await context.invoke("take/paths", { paths: copy });
    results.push("changed");
    return {};
  });
  const { status, message } = await outcomeOf(bench);
  t.strictSame(results, ["copy"]);
  t.equal(status, "failed");
  t.match(message, /no step of this run gave this path/);
});

t.test("what an expression gave is held to the kind's schema", async (t) => {
  const bench = benchOf(
    "  - {id: any, uses: make/any, with: {paths: text}}\n" + take('"${{ steps.any.outputs.paths }}"'),
  );
  t.match((await outcomeOf(bench)).message, /^Cannot run take\/paths: paths: "paths" must be a list/);
});

const handedOn = ({ example }: StepKind): string[] =>
  Object.entries(example).flatMap(([name, value]) =>
    typeof value === "string" && value.startsWith("${{ steps.") ? [name] : [],
  );

/** Names of what the engine holds, which it looks up; they are no objects. */
const NAMES = ["capture"];

t.test("every kind says which of its inputs only a step can give", (t) => {
  for (const each of STEP_KINDS.values()) {
    const { properties = {} } = each.inputSchema as { properties?: Record<string, { title?: string }> };
    const told = Object.keys(properties).filter((name) => properties[name]?.title?.includes(", from "));
    const wanted = [...new Set([...told, ...handedOn(each)])].filter((name) => !NAMES.includes(name));
    t.strictSame(Object.keys(each.takes ?? {}).sort(), wanted.sort(), each.name);
  }
  t.end();
});
