export { RECORDING_DIR, type RecordedCluster, type RecordingHeader } from "./format.js";
export { startRecording, type Recorder } from "./recorder.js";
export { ReplayPlan } from "./replay-plan.js";
export { createReplayer, type Replayer } from "./replayer.js";
