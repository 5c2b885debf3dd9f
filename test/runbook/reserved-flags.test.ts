import t from "tap";
import { findFlagProblems } from "../../lib/runbook/reserved-flags.js";
import { parseRunbook } from "../../lib/runbook/index.js";
import type { HopbookError } from "../../lib/errors.js";

const RUNBOOK = `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: {name: mine, title: Mine}
inputs:
  from: {type: string, default: ""}
  namespace: {type: string, default: ""}
  allowNode: {type: boolean, default: false}
steps:
  - {id: pause, uses: time/wait, with: {duration: 1s}}
`;

t.test("an input with the name of a flag is refused where it stands", (t) => {
  try {
    parseRunbook(RUNBOOK, "mine.yaml");
    t.fail("it was taken");
  } catch (error) {
    const { code, detail = "" } = error as HopbookError;
    t.equal(code, "DOCUMENT_INVALID");
    t.match(
      detail,
      /mine\.yaml:6:3: "namespace" cannot be an input: --namespace is a flag of hopbook itself/,
    );
    t.match(detail, /mine\.yaml:7:3: "allowNode" cannot be an input: --allow-node/);
    t.notMatch(detail, /"from"/);
  }
  t.end();
});

t.test("as a flag is spelled, not as an input is", (t) => {
  const names = ["keepWarm", "keepwarm", "noRecord", "denyAnything", "allowed", "images", "help"];
  const found = findFlagProblems(names).map(({ path }) => path[1]);
  t.strictSame(found, ["keepWarm", "noRecord", "denyAnything", "help"]);
  t.end();
});
