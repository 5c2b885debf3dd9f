export { ACTIONS, type ActionRule } from "./actions.js";
export { findArgvFault, type KnownScripts } from "./argv.js";
export { findPatternFault, fitsCommand } from "./command-patterns.js";
export { declared, type Declared, type Via } from "./declared.js";
export { findKubeDenial, withoutDenied } from "./denials.js";
export { missingFlags, quoteFlag } from "./flags.js";
export {
  grantAll,
  parseGrant,
  type FlagValue,
  type Grant,
  type GrantFlags,
  type GrantOptions,
  type GrantRule,
} from "./grant.js";
export { guardAccess, permissionDenied, type GuardOptions } from "./guard.js";
export { type CaptureLimits } from "./limits.js";
export { fitsAction } from "./names.js";
export { containsPath } from "./paths.js";
export { effective, type Policy, type PolicyOptions } from "./policy.js";
export { describeDeclared, questions, type AskedNode, type QuestionGroup } from "./questions.js";
export { PERMISSION_REFERENCE, type PermissionReference } from "./reference.js";
export type * from "./requests.js";
export { findRunner } from "./runners.js";
export { SCOPES, SCOPE_DESCRIPTIONS, type Scope } from "./scopes.js";
export { showsSecret } from "./secrets.js";
export { visible } from "./visible.js";
export type { Verdict } from "./verdict.js";
