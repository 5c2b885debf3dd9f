/** What may be granted, and what is asked. */
export { PERMISSION_SCOPES } from "../authority/permission-scopes.js";
export type { Confirm, GrantFlags, PermissionQuestion, QuestionGroup } from "../authority/authority.js";
