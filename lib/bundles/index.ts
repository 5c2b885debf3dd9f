export { KnownNodes } from "./complete-flow.js";
export { placeCaptures, podsOfCaptures } from "./places.js";
export { describeBundle, readBundle, type Bundle } from "./read-bundle.js";
