import type { ProblemRule } from "../document/index.js";
import type { Place } from "./syntax.js";

/** What is wrong with an expression, and at which of its characters. */
export interface ExpressionFault {
  readonly message: string;
  readonly offset: number;
  readonly length: number;
  readonly suggestion?: string;
  readonly rule: ProblemRule;
}

/** Thrown where an expression does not parse or evaluate. */
export class CelFault extends Error {
  readonly offset: number;
  readonly length: number;
  readonly rule: ProblemRule;

  constructor(message: string, { start, end }: Place, rule: ProblemRule = "expression-syntax") {
    super(message);
    this.offset = start;
    this.length = Math.max(0, end - start);
    this.rule = rule;
  }
}
