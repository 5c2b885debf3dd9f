import { CelFault } from "./fault.js";
import type { AstNode, Place } from "./syntax.js";
import type { CelValue } from "./values.js";

/** The work is too much: no `||` beside it makes that good. */
export class TooMuch extends CelFault {}

/** The names that macros have bound, innermost first. */
export interface Locals {
  readonly name: string;
  readonly value: CelValue;
  readonly outer: Locals | undefined;
}

/** Evaluates the nodes of one expression. All throw CelFault. */
export interface Runner {
  run(node: AstNode, locals: Locals | undefined): CelValue;
  /** The same of what has to be true or false. */
  test(node: AstNode, locals: Locals | undefined): boolean;
  /** Counts work. Throws TooMuch. */
  count(node: Place, steps: number): void;
}
