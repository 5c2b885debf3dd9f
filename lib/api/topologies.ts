/** What the lab can build, apart from the lab itself, which completion and help need not load. */
export { DEFAULT_TOPOLOGY, LAB_TOPOLOGIES, isLabTopology, type LabTopology } from "../lab/topologies.js";
