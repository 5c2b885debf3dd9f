export { openKube } from "./open.js";
export { shareKube } from "./share.js";
export {
  expiryOf,
  isOurs,
  leaseAnnotations,
  leaseLabels,
  ownerHash,
  runLabel,
  type LeasedObject,
} from "./lease.js";
