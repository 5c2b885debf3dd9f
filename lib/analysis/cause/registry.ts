import type { Detector } from "./candidate.js";
import { backlog } from "./detectors/backlog.js";
import { bridgePort, bridgeRules } from "./detectors/bridge-port.js";
import { farNode } from "./detectors/far-node.js";
import { linkDown, mtu } from "./detectors/links.js";
import { netfilter } from "./detectors/netfilter.js";
import { nextHop } from "./detectors/next-hop.js";
import { checksum, noListener, ownNeighbour, podNeighbour } from "./detectors/pod.js";
import { program } from "./detectors/program.js";
import { queue } from "./detectors/queue.js";
import { route, rpFilter } from "./detectors/routing.js";
import { switchAcl } from "./detectors/switch-acl.js";
import { switchFlow } from "./detectors/switch-flow.js";
import { tunnelSocket, tunnelState } from "./detectors/tunnel.js";

/** Every detector there is. A new one is a file beside these and a line here. */
export const DETECTORS: readonly Detector[] = [
  linkDown,
  bridgePort,
  bridgeRules,
  netfilter,
  switchAcl,
  switchFlow,
  rpFilter,
  route,
  tunnelState,
  tunnelSocket,
  farNode,
  noListener,
  backlog,
  program,
  queue,
  checksum,
  podNeighbour,
  ownNeighbour,
  nextHop,
  mtu,
];
