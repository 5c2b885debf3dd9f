export { PERMISSION_REFERENCE, type PermissionReference } from "../permissions/index.js";
