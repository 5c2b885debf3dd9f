import type { CauseKind } from "../candidate.js";

/** What is wrong with a neighbour entry, on a tunnel as before a pod. */
export const NEIGHBOUR_CAUSES: Readonly<Record<string, CauseKind>> = {
  "neighbour-missing": {
    title: "The next hop's MAC is not known",
    reasons: ["NEIGH_FAILED", "NEIGH_QUEUEFULL"],
    locations: ["arp_error_report"],
  },
  "neighbour-mac-wrong": {
    title: "The next hop's MAC is not the one it has",
    reasons: ["NO_TX_TARGET", "OTHERHOST"],
  },
};
