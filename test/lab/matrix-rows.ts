import { listFaults, type FaultDescription } from "../../lib/lab/index.js";
import {
  DEFAULT_TOPOLOGY,
  LAB_TOPOLOGIES,
  isLabTopology,
  type LabTopology,
} from "../../lib/lab/topologies.js";

/** What each fault of each topology of the lab does to each kind of traffic, by what the lab says of its faults. */

export type Traffic = "ping" | "ping-large" | "http" | "tcp-connect" | "dns-udp";
export interface Expected {
  /** One of these. */
  readonly where: readonly string[];
  /** null: no cause may be said. */
  readonly cause: readonly string[] | null;
}
export interface Row {
  readonly topology: LabTopology;
  readonly fault: string | null;
  readonly all: Expected;
  readonly only: Partial<Record<Traffic, Expected>>;
}

const DELIVERED: Expected = { where: ["delivered"], cause: null };

/** Causes that the traffic shows though no node does, and other words for the same. */
const MORE_CAUSES: Readonly<Record<string, readonly string[]>> = {
  "mtu-hole": ["mtu-exceeded"],
  // Calico's blackhole of the block takes what no pod's route does.
  "pod-route-missing-b": ["route-blackhole"],
};

function whereOf(
  topology: LabTopology,
  { verdict, direction, lastSeen, firstMissing }: FaultDescription["signature"],
): string {
  const place = (hop: typeof lastSeen): string =>
    hop === null ? "-" : `${hop.node.replace("node-", "")}:${hop.role}`;
  if (verdict === "lost") return `lost ${direction ?? ""} ${place(lastSeen)}>${place(firstMissing)}`;
  const arrived = `${topology.endsWith("-same-node") ? "a" : "b"}:pod>-`;
  return verdict === "rejected" ? `rejected request ${arrived}` : `unanswered ${arrived}`;
}

/**
 * Rows whose node says so itself, after a while: the pods' subnet is the nodes' own, so that a pod without a route is asked for
 * on the NIC, and ICMP "host unreachable" comes when nobody answers.
 */
const MAY_BE_REJECTED: readonly string[] = ["aws-vpc/pod-route-missing-b"];

function makeRow(topology: LabTopology, { name, signature, causeCode }: FaultDescription): Row {
  const where = whereOf(topology, signature);
  const isMaybeRejected = MAY_BE_REJECTED.includes(`${topology}/${name}`);
  const causes = [...(causeCode === null ? [] : [causeCode]), ...(MORE_CAUSES[name] ?? [])];
  const hurt: Expected = {
    where: isMaybeRejected ? [where, where.replace(/^lost/, "rejected")] : [where],
    cause: causes.length === 0 ? null : causes,
  };
  const row = { topology, fault: name };
  switch (signature.affects) {
    case "all":
      return { ...row, all: hurt, only: {} };
    case "ports":
      return { ...row, all: hurt, only: { ping: DELIVERED } };
    case "large":
      return { ...row, all: DELIVERED, only: { "ping-large": hurt } };
  }
}

/** The rows of one topology, the one without a fault first. */
export function listRows(topology: LabTopology): Row[] {
  const healthy: Row = { topology, fault: null, all: DELIVERED, only: { "ping-large": DELIVERED } };
  return [healthy, ...listFaults(topology).map((fault) => makeRow(topology, fault))];
}

/** What a Service is reached by: of pods of both families IPv6 is hurt. */
export function clusterIpsOf(topology: LabTopology): { readonly web: string; readonly dns: string } {
  return topology === "calico-dual-stack"
    ? { web: "[fd00:96::20]:80", dns: "[fd00:96::10]:53" }
    : { web: "10.96.0.20:80", dns: "10.96.0.10:53" };
}

export const nameOf = ({ topology, fault }: Row): string => `${topology}/${fault ?? "none"}`;

/** Of the topologies but the default one a row in so many stands for all, another one in each topology. */
const SPREAD = 10;

/**
 * "all", or names as `flannel-vxlan/fdb-missing`, or whole topologies, or faults of the default topology, separated by commas; "none"
 * is the row without a fault. No text means those of the default topology and a few of each other one. Throws where a name
 * is no row's: a selection that is empty must not pass.
 */
export function selectRows(wanted: string): readonly Row[] {
  const topologies = Object.keys(LAB_TOPOLOGIES) as LabTopology[];
  const all = topologies.flatMap(listRows);
  if (wanted === "all") return all;
  if (wanted === "")
    return topologies.flatMap((topology, nth) => {
      const rows = listRows(topology);
      const spread = Math.min(SPREAD, rows.length);
      return rows.filter((_, index) => topology === DEFAULT_TOPOLOGY || index % spread === nth % spread);
    });
  const chosen = wanted.split(",").map((word) => {
    const name = word.trim();
    const full = name.includes("/") || isLabTopology(name) ? name : `${DEFAULT_TOPOLOGY}/${name}`;
    const rows = all.filter((row) => nameOf(row) === full || row.topology === full);
    if (rows.length > 0) return rows;
    throw new Error(`The matrix has no row "${name}": it has ${all.map(nameOf).join(", ")}`);
  });
  return [...new Set(chosen.flat())];
}
