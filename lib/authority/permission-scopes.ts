import { SCOPES, SCOPE_DESCRIPTIONS, type Scope } from "../permissions/scopes.js";

/** The scopes, for who makes flags of them. Light: every start of the command line reads it. */
export const PERMISSION_SCOPES: readonly {
  readonly name: Scope;
  /** What stands behind the flag; "" for nothing. */
  readonly value: string;
  /** Behind "grant" and "refuse". */
  readonly text: string;
}[] = SCOPES.map((name) => ({ name, ...SCOPE_DESCRIPTIONS[name] }));
