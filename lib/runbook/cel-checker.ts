import type { ASTNode, ExpressionFault } from "./cel.js";
import type { CelType } from "./cel-types.js";

/** The names that macros have bound, innermost last. */
export type Locals = readonly { readonly name: string; readonly type: CelType }[];

export interface Place {
  readonly start: number;
  readonly end: number;
}

export interface FaultOptions {
  readonly rule: ExpressionFault["rule"];
  readonly suggestion?: string | undefined;
}

/** Types the nodes of one expression and keeps what is wrong with them. */
export interface TypeChecker {
  typeOf(node: ASTNode, locals: Locals): CelType;
  /** Notes a fault. Gives `dyn`, so that one mistake is told once. */
  report(message: string, place: Place, options: FaultOptions): CelType;
  /** Notes a fault where a node is not, or may not be, true or false. */
  expectBool(node: ASTNode, locals: Locals): void;
}

export function didYouMean(name: string): string {
  return `did you mean ${name}?`;
}
