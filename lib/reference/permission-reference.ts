export { PERMISSION_REFERENCE } from "../permissions/index.js";
