import { assertValid, invalid, type SourceDocument } from "../document/index.js";
import { ERROR_CODES, type ExitCode } from "../errors.js";

/** NAME.test.yaml, as its schema says it is. */
export interface TestData {
  readonly runbook?: string;
  readonly cases: readonly CaseData[];
}

export interface CaseData {
  readonly name: string;
  readonly recording: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly expect: {
    readonly checks?: Readonly<Record<string, string>>;
    readonly findings?: Readonly<Record<string, unknown>>;
    readonly exitCode?: ExitCode;
    readonly error?: string;
  };
}

/** The cases of a test file. Throws DOCUMENT_INVALID with every problem at its place. */
export function readCases(document: SourceDocument): TestData {
  const data = assertValid<TestData>(document, "runbook-test");
  const problems = data.cases.flatMap(({ name, expect }, index) => {
    const path = ["cases", index] as const;
    const isTwice = data.cases.findIndex((other) => other.name === name) < index;
    const isUnknown = expect.error !== undefined && !Object.hasOwn(ERROR_CODES, expect.error);
    return [
      ...(isTwice
        ? [{ path: [...path, "name"], message: `there is a case ${JSON.stringify(name)} already` }]
        : []),
      ...(isUnknown
        ? [{ path: [...path, "expect", "error"], message: `there is no error code ${expect.error}` }]
        : []),
    ];
  });
  if (problems.length > 0) throw invalid(document, problems);
  return data;
}
