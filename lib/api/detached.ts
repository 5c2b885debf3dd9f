/** Runs that go on without their client. */
import * as collect from "../detached/collect.js";
import * as detach from "../detached/detach.js";
import * as runs from "../detached/runs.js";
import * as stop from "../detached/stop.js";
import { MAKES_FOLDER, withDefaults, type Lenient } from "./defaults.js";

export type CollectOptions = Lenient<collect.CollectOptions>;
export type DetachOptions = Lenient<detach.DetachOptions>;
export type RunsOptions = Lenient<runs.RunsOptions>;
export type { DetachReport } from "../detached/detach.js";
export type { DetachedNode, DetachedRun, RunsReport, RunState } from "../detached/runs.js";
export type { StopReport } from "../detached/stop.js";

/** Ends the captures, brings them here, judges and reports. */
export const collectRun = withDefaults(collect.collectRun, MAKES_FOLDER);
/** Starts a run whose captures go on when this process is gone. */
export const detachRunbook = withDefaults(detach.detachRunbook, MAKES_FOLDER);
export const describeOneRun = withDefaults(runs.describeOneRun, MAKES_FOLDER);
export const listRuns = withDefaults(runs.listRuns, MAKES_FOLDER);
/** Ends the captures; they wait to be collected. */
export const stopRun = withDefaults(stop.stopRun, MAKES_FOLDER);
