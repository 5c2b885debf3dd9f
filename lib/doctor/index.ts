export { accessRows, choiceRows } from "./access-rows.js";
export { parseLook, type NodeLook } from "./look.js";
export { describeOffset, nodeRows } from "./node-rows.js";
export { renderDoctor } from "./render.js";
export type { AskedRight, DoctorReport } from "./report.js";
export { blocks, ok, warn, worst, type DoctorRow } from "./rows.js";
export { DOCTOR_ACTION, DOCTOR_NAME, DOCTOR_SCRIPT } from "./script.js";
