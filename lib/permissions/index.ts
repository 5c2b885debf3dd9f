export { ACTIONS, type ActionRule } from "./actions.js";
export { findArgvFault, type KnownScripts } from "./argv.js";
export { declared, fitsAction, fitsNode, type Declared, type Via } from "./declared.js";
export { missingFlags } from "./flags.js";
export {
  grantAll,
  parseGrant,
  type CaptureLimits,
  type FlagValue,
  type Grant,
  type GrantFlags,
} from "./grant.js";
export { guardAccess, permissionDenied } from "./guard.js";
export {
  effective,
  type CaptureRequest,
  type Decision,
  type ExecRequest,
  type NodeRequest,
  type PermissionRequest,
  type Policy,
  type PolicyOptions,
  type TrafficRequest,
} from "./policy.js";
export { describeDeclared, questions, type AskedNode } from "./questions.js";
export { visible } from "./visible.js";
