import { IPIP_PROGRAM } from "./tunnel-program.js";
import type { Carriage } from "./types.js";
import { makeWholeDevice } from "./whole-device.js";

const DEVICE = "tunl0";

/** As Calico uses it: each route's next hop is the node itself. */
export const IPIP_CARRIAGE: Carriage = makeWholeDevice({
  tunnel: { title: "IPIP", match: { protocol: "ipencap", port: null }, program: IPIP_PROGRAM },
  device: DEVICE,
  mtuBytes: 1480,
  routeTo: (remote) => `via ${remote.address} dev ${DEVICE} proto bird onlink`,
});
