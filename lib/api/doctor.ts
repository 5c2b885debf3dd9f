/** What stands in a run's way. */
export { renderDoctor, runDoctor, type DoctorOptions, type DoctorReport } from "../doctor/run-doctor.js";
