/** The lab, as the library gives it out. */
export { downLab, listFaults, listLabs, setFault, statusLab, upLab } from "../lab/index.js";
export type { FaultDescription, LabState, LabStatus } from "../lab/index.js";
