export { shareKube as openKube } from "./share.js";
export {
  expiryOf,
  isOurs,
  leaseAnnotations,
  leaseLabels,
  ownerHash,
  runLabel,
  type LeasedObject,
} from "./lease.js";
