export { openKube } from "./open.js";
export { readKubeConfig } from "./config.js";
