/** What may be granted, and what is asked. */
export { PERMISSION_SCOPES } from "../authority/permission-scopes.js";
export {
  type Confirm,
  type GrantFlags,
  type PermissionQuestion,
  type QuestionGroup,
} from "../authority/authority.js";
