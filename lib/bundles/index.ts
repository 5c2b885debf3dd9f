export { describeBundle, readBundle } from "./read-bundle.js";
