import t, { type Test } from "tap";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { planRunbook, runRunbook, type RunOptions } from "../../lib/run/run.js";

const SECRET = "hunter2-s3cret";
const CLUSTER = `apiVersion: hopbook.dev/v1
kind: ClusterProfile
metadata: {name: here}
nodes: [{name: me, access: {via: local}}]
`;

const runbookOf = (step: string): string => `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: {name: sample, title: Sample}
inputs:
  token: {type: string, required: true, secret: true}
  word: {type: string, default: "true"}
permissions:
  node: {}
  exec: [node/read]
  mutate: ["true **"]
steps:
  - ${step}
`;

function setUp(t: Test, step: string): RunOptions & { readonly said: unknown[]; readonly dir: string } {
  const dir = t.testdir({ "c.yaml": CLUSTER, "sample.yaml": runbookOf(step) });
  const said: unknown[] = [];
  return {
    ...{
      runbook: join(dir, "sample.yaml"),
      inputs: { token: SECRET, word: SECRET },
      cluster: join(dir, "c.yaml"),
      cwd: dir,
    },
    ...{
      out: join(dir, "out"),
      grants: { yes: true },
      confirm: undefined,
      signal: new AbortController().signal,
    },
    onEvent: (event) => said.push(event),
    ...{ said, dir },
  };
}

/** Everything that a run left or said, as text. */
function everything(dir: string, ...said: unknown[]): string {
  const files = existsSync(dir) ? readdirSync(dir, { recursive: true, encoding: "utf8" }) : [];
  const texts = files
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, "latin1"));
  const errors = said.flatMap((what) =>
    what instanceof Error
      ? [String(what), what.stack, String(what.cause), JSON.stringify(what)]
      : [JSON.stringify(what)],
  );
  return [...texts, ...errors].join("\n");
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => error,
  );

t.test(
  "a command that would show a secret is refused, in a plan and in a run, and nothing repeats it",
  async (t) => {
    // The check refuses an expression that names the secret; what a step found may be the same text.
    for (const argv of ['["true", "${{ inputs.word }}"]', '["true", "--token=${{ inputs.word }}"]']) {
      const options = setUp(t, `{id: s, on: node/me, run: ${argv}}`);
      const planned = await failureOf(planRunbook(options));
      t.match(planned, { code: "PERMISSION_DENIED", message: /a secret would become visible/ }, argv);
      const ran = await failureOf(runRunbook(options));
      const report = ran as { outcome?: { error: unknown } };
      const error = report.outcome?.error ?? ran;
      t.match(error, { code: "PERMISSION_DENIED", message: /a secret would become visible/ });
      t.notMatch(everything(options.out, options.said, planned, ran, error), SECRET);
    }
  },
);

t.test("a runbook that gives a secret to a command is refused before anything is asked", async (t) => {
  const options = setUp(t, '{id: s, on: node/me, run: ["true", "${{ inputs.token }}"]}');
  const wanted = { code: "DOCUMENT_INVALID", problems: [{ line: 12, rule: "exposed-secret" }] };
  await t.rejects(planRunbook(options), wanted);
  await t.rejects(runRunbook(options), wanted);
  t.notOk(existsSync(options.out), "nothing was begun");
});

t.test("what a step says of a secret is masked: events, errors, outcome", async (t) => {
  const options = setUp(t, `{id: s, on: "node/\${{ inputs.word }}", run: ["true"]}`);
  const ran = await failureOf(runRunbook(options));
  const error = (ran as { outcome?: { error: unknown } }).outcome?.error ?? ran;
  t.match(error, { message: /\[redacted\]/ }, "it speaks of the value, masked");
  t.notMatch(everything(options.out, options.said, ran, error), SECRET);
  const planned = await failureOf(planRunbook(options));
  t.notMatch(everything(options.out, planned), SECRET);
});
