import t from "tap";
import { evaluateChecks, parseRunbook } from "../../lib/runbook/index.js";

const HEAD = "apiVersion: hopbook.dev/v1\nkind: Runbook\nmetadata: {name: a, title: A}\n";
const STEPS = "steps:\n  - {id: w, uses: time/wait, with: {duration: 1s}}\n";
const answer = (code: string, more = ""): ReturnType<typeof evaluateChecks> => {
  const outcome = `{fail: {message: "m", code: ${JSON.stringify(code)}}}`;
  const text = `${HEAD}${more}${STEPS}checks:\n  - {id: c, outcomes: [${outcome}]}\n`;
  return evaluateChecks(parseRunbook(text, "a.yaml"), {
    inputs: { name: "x", count: 1 },
    findings: {},
    steps: {},
  });
};
const INPUTS = "inputs: {name: {type: string, default: x}, count: {type: integer, default: 1}}\n";

t.test("an outcome's code may hold expressions; what is no text is none", (t) => {
  t.strictSame(answer("plain"), [{ id: "c", status: "fail", message: "m", code: "plain" }]);
  t.match(answer("dns-${{ inputs.name }}", INPUTS), [{ code: "dns-x" }]);
  t.strictSame(answer("${{ inputs.count }}", INPUTS), [{ id: "c", status: "fail", message: "m" }]);
  t.end();
});

t.test("a code with a fault is a fault of the file, and a secret is not shown by one", (t) => {
  t.throws(() => answer("${{ inputs.nothing }}"), { code: "DOCUMENT_INVALID" });
  const secret = "inputs: {name: {type: string, secret: true, default: x}}\n";
  t.throws(() => answer("${{ inputs.name }}", secret), { code: "DOCUMENT_INVALID" });
  t.end();
});
