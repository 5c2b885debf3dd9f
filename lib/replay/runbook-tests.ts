import { dirname, join, resolve } from "node:path";
import { readDocument, type SourceDocument } from "../document/index.js";
import { asHopbookError, HopbookError } from "../errors.js";
import type { TestCaseResult, TestReport } from "../model/runbook-test.js";
import type { SharedOptions } from "../session/options.js";
import { describeDifferences } from "./partial-match.js";
import { replayRun } from "./replay.js";
import { readCases, type CaseData, type TestData } from "../catalogue/test-file.js";
import { toRawInputs } from "./typed-inputs.js";

export type { TestCaseResult, TestReport } from "../model/runbook-test.js";

export interface RunbookTestOptions extends Pick<SharedOptions, "cwd" | "signal"> {
  readonly files: readonly string[];
  readonly onCase?: (result: TestCaseResult) => void;
}

/**
 * Runs the cases of test files, one replay each. A case that fails is a result; DOCUMENT_INVALID and FILE_UNREADABLE of
 * a test file itself are thrown before anything runs.
 */
export async function runRunbookTests(options: RunbookTestOptions): Promise<TestReport> {
  const documents = [];
  for (const file of options.files) documents.push(await readDocument(file));
  const suites = documents.map((document) => ({ document, data: readCases(document) }));
  const results: TestCaseResult[] = [];
  for (const { document, data } of suites) {
    for (const [index, testCase] of data.cases.entries()) {
      if (options.signal.aborted) throw new HopbookError("INTERRUPTED", "The tests were interrupted");
      const startedMs = performance.now();
      const differences = await runCase(testCase, { document, data, options });
      const result = {
        ...{ name: testCase.name, file: document.file, line: document.locate(["cases", index]).line },
        ...{ ok: differences.length === 0, differences, durationMs: performance.now() - startedMs },
      };
      results.push(result);
      options.onCase?.(result);
    }
  }
  const passed = results.filter(({ ok }) => ok).length;
  return { cases: results, passed, failed: results.length - passed };
}

async function runCase(
  { recording, inputs = {}, expect }: CaseData,
  suite: { readonly document: SourceDocument; readonly data: TestData; readonly options: RunbookTestOptions },
): Promise<readonly string[]> {
  const { document, data, options } = suite;
  const here = dirname(resolve(options.cwd, document.file));
  try {
    const { findings, exitCode, outcome } = await replayRun({
      dir: recording.startsWith("example:") ? recording : resolve(here, recording),
      runbook: runbookOf(document.file, { named: data.runbook, here }),
      inputs: toRawInputs(inputs),
      ...{ cwd: here, signal: options.signal, onEvent: () => undefined },
    });
    const code = outcome.error === null ? null : asHopbookError(outcome.error).code;
    const found = new Map(findings.checks.map(({ id, status }) => [id, status]));
    return [
      ...Object.entries(expect.checks ?? {}).flatMap(([id, status]) =>
        describeDifferences(status, found.get(id), `checks.${id}`),
      ),
      ...describeDifferences(expect.findings ?? {}, findings, ""),
      ...(expect.exitCode === undefined ? [] : describeDifferences(expect.exitCode, exitCode, "exitCode")),
      ...(expect.error === undefined ? [] : describeDifferences(expect.error, code, "error")),
    ];
  } catch (error) {
    const known = asHopbookError(error);
    if (known.code === "INTERNAL") throw known;
    if (expect.error === known.code)
      return expect.exitCode === undefined
        ? []
        : describeDifferences(expect.exitCode, known.exitCode, "exitCode");
    const wanted = expect.error === undefined ? "none" : expect.error;
    const detail = (known.detail ?? "").split("\n").filter((line) => line !== "");
    return [`error: expected ${wanted}, got ${known.code}: ${known.message}`, ...detail.slice(0, 20)];
  }
}

/** NAME.yaml beside NAME.test.yaml, unless the file names another one. */
function runbookOf(file: string, { named, here }: { named: string | undefined; here: string }): string {
  if (named !== undefined)
    return /^\.{0,2}\//.test(named) || /\.ya?ml$/.test(named) ? resolve(here, named) : named;
  const base = /([^/]+)\.test\.ya?ml$/.exec(file)?.[1];
  if (base !== undefined) return join(here, `${base}.yaml`);
  throw new HopbookError("DOCUMENT_INVALID", `Cannot tell which runbook ${file} tests`, {
    where: { file },
    hint: "Name it NAME.test.yaml beside NAME.yaml, or say `runbook: ./NAME.yaml`",
  });
}
