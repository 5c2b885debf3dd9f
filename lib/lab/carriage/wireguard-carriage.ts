import type { Carriage } from "./types.js";
import { makeWholeDevice } from "./whole-device.js";
import { WIREGUARD_LINK, WIREGUARD_PROGRAM } from "./wireguard-program.js";

const DEVICE = "flannel-wg";

/** The device knows by itself whose blocks are where: Flannel's way. */
export const WIREGUARD_CARRIAGE: Carriage = makeWholeDevice({
  tunnel: {
    title: "WireGuard",
    match: { protocol: "udp", port: 51_820 },
    program: WIREGUARD_PROGRAM,
    shownAs: WIREGUARD_LINK,
  },
  device: DEVICE,
  // What WireGuard leaves of 1500, by either family underneath.
  mtuBytes: 1420,
  routeTo: () => `dev ${DEVICE} scope link`,
});
