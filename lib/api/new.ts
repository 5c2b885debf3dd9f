/** New folders and runbooks. */
export { initFolder, type InitReport } from "../catalogue/init.js";
export { newRunbook, type NewRunbook, type NewRunbookOptions } from "../catalogue/new.js";
