import type { ExpressionFault } from "./fault.js";
import type { AstNode, Place } from "./syntax.js";
import type { CelType } from "./types.js";

/** The names that macros have bound, innermost last. */
export type TypedLocals = readonly { readonly name: string; readonly type: CelType }[];

export interface FaultOptions {
  readonly rule: ExpressionFault["rule"];
  readonly suggestion?: string | undefined;
}

/** Types the nodes of one expression and keeps what is wrong with them. */
export interface TypeChecker {
  typeOf(node: AstNode, locals: TypedLocals): CelType;
  /** Notes a fault. Gives `dyn`, so that one mistake is told once. */
  report(message: string, place: Place, options: FaultOptions): CelType;
  /** Notes a fault where a node is not, or may not be, true or false. */
  expectBool(node: AstNode, locals: TypedLocals): void;
}

export function didYouMean(name: string): string {
  return `did you mean ${name}?`;
}

export function spanOf(left: Place, right: Place): Place {
  return { start: left.start, end: right.end };
}
