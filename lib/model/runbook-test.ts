/** One case of a runbook's tests, as it came out. */
export interface TestCaseResult {
  readonly name: string;
  readonly file: string;
  /** Where the case stands, from 1. */
  readonly line: number;
  readonly ok: boolean;
  /** What is not as expected, one line each: `checks.delivered: expected pass, got fail`. Empty where it is ok. */
  readonly differences: readonly string[];
  readonly durationMs: number;
}

export interface TestReport {
  readonly cases: readonly TestCaseResult[];
  readonly passed: number;
  readonly failed: number;
}
