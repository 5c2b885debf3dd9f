export { argvOfGroup, groupCommands, mergeCommands } from "./command.js";
export type { InspectCommand } from "./command.js";
export { planAudit, planBaseline, planInspection, planSuperset } from "./commands.js";
export type { FlowBreak } from "./commands.js";
export { runInspection } from "./run.js";
