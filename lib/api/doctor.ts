/** What stands in a run's way. */
import * as doctor from "../doctor/run-doctor.js";
import { IN_CLUSTER, withDefaults, type Lenient } from "./defaults.js";

export type DoctorOptions = Lenient<doctor.DoctorOptions>;
export { renderDoctor, type DoctorReport } from "../doctor/run-doctor.js";

export const runDoctor = withDefaults(doctor.runDoctor, IN_CLUSTER);
