export { SCRIPT_GUEST } from "./guest-files.js";
export { createHandlers, type ScriptPlace } from "./handlers.js";
export { openScript, type ScriptSession } from "./session.js";
