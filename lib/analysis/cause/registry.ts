import type { Detector } from "./candidate.js";
import { detectLinkDown, detectMtu } from "./detectors/links.js";
import { detectNetfilter } from "./detectors/netfilter.js";
import { detectChecksum, detectNoListener, detectPodNeighbour } from "./detectors/pod.js";
import { detectRoute, detectRpFilter } from "./detectors/routing.js";
import { detectTunnelSocket, detectTunnelState } from "./detectors/tunnel.js";

export const DETECTORS: readonly Detector[] = [
  detectLinkDown,
  detectNetfilter,
  detectRpFilter,
  detectRoute,
  detectTunnelState,
  detectTunnelSocket,
  detectNoListener,
  detectChecksum,
  detectPodNeighbour,
  detectMtu,
];
