import t from "tap";
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { coerceInputs, evaluate, parseRunbook } from "../../lib/runbook/index.js";
import { HopbookError } from "../../lib/errors.js";
import { hopbook } from "../cli/helpers.js";
import { EACH_PAYLOAD, isUntouched, OBEYED } from "./payloads.js";

/** A runbook in which everything that may be text is the payload. */
const runbookOf = (payload: string): string =>
  stringify({
    ...{ apiVersion: "hopbook.dev/v1", kind: "Runbook" },
    metadata: { name: "hostile", title: payload, description: payload, labels: { note: payload } },
    inputs: { word: { type: "string", default: payload, description: payload } },
    steps: [{ id: "pause", name: payload, uses: "time/wait", with: { duration: "10ms" } }],
    checks: [{ id: "said", title: payload, outcomes: [{ pass: { message: payload } }] }],
  });

t.test("show, check and a run print it as text, and run nothing", async (t) => {
  for (const [name, payload] of EACH_PAYLOAD) {
    const dir = t.testdir();
    const file = `${dir}/hostile.yaml`;
    writeFileSync(file, runbookOf(payload));
    for (const command of ["check", "show"]) {
      const { code, out, err } = await hopbook([command, file]);
      t.ok([0, 2].includes(code), `${name}: ${command} ends in ${code}`);
      t.notMatch(`${out}${err}`.replaceAll("\n", ""), OBEYED, `${name}: ${command}`);
    }
  }
});

t.test("a name that is a payload is a clear error", async (t) => {
  const cwd = t.testdir();
  const before = process.cwd();
  process.chdir(cwd);
  t.teardown(() => process.chdir(before));
  for (const [name, payload] of EACH_PAYLOAD) {
    for (const argv of [
      ["show", "--", payload],
      ["check", "--", payload],
      ["run", "trace-path", "--from", payload, "--to", "shop/web"],
      ["analyze", "--", payload],
    ]) {
      const { code, out, err } = await hopbook(argv);
      t.equal(code, 2, `${name}: ${argv[0] ?? ""}: ${err}`);
      t.equal(out, "", `${name}: nothing on stdout`);
      t.notMatch(err.replaceAll("\n", ""), OBEYED, `${name}: ${argv[0] ?? ""}`);
    }
  }
  t.ok(isUntouched(cwd), "nothing was made");
});

t.test("an input's value is never looked at twice", async (t) => {
  const runbook = parseRunbook(runbookOf("plain"), "hostile.yaml");
  for (const [name, payload] of EACH_PAYLOAD) {
    let inputs: Readonly<Record<string, unknown>>;
    try {
      inputs = coerceInputs(runbook, { word: payload });
    } catch (error) {
      t.ok(error instanceof HopbookError && error.code === "INPUT_INVALID", name);
      continue;
    }
    const env = { inputs, steps: { a: { outputs: { stdout: payload } } }, run: { id: "1" } };
    t.equal(evaluate("${{ inputs.word }}", env), payload, name);
    t.equal(evaluate("-${{ steps.a.outputs.stdout }}-", env), `-${payload}-`, `${name}: what a step printed`);
  }
});
