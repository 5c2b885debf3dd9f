import { unknownNode } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { ClusterProfile, End } from "../model/cluster.js";
import { formatAddress } from "../linux/endpoint.js";
import { addressAtPod } from "./side.js";

/** Refuses ends between which there is no path to look for. */
export function checkEnds(from: End, to: End): void {
  for (const end of [from, to]) checkService(end);
  const cannot = `Cannot find the hops from ${from.text} to ${to.text}`;
  if (from.node === null && to.node === null) {
    const hint = "name a pod or a node of the cluster as one end";
    throw new HopbookError("INPUT_INVALID", `${cannot}: both are outside the cluster`, { hint });
  }
  // By its Service's address a pod does reach itself by way of its node (hairpin).
  const samePod = isSamePod(from, to) && to.ip === addressAtPod(to);
  if (samePod || (from.kind === "node" && to.kind === "node" && from.node === to.node)) {
    const hint =
      to.kind === "service"
        ? "choose another backend with --backend: what a pod sends to its own address passes no hop"
        : "name two different ends: packets to oneself pass no hop";
    throw new HopbookError("INPUT_INVALID", `${cannot}: both are the same`, { hint });
  }
}

/** Two names of one pod: its own, and a Service's that it is behind. */
export function isSamePod(from: End, to: End): boolean {
  return from.pod !== null && from.pod === to.pod && from.node === to.node;
}

/** A service is followed to one backend. */
function checkService(end: End): void {
  if (end.kind !== "service") return;
  const backends = end.addresses.slice(1);
  if (backends.length === 1 && end.node !== null) return;
  const names = backends.map(formatAddress).join("\n");
  if (backends.length > 1) {
    const message = `Cannot tell which backend of ${end.text} is meant: there are ${backends.length}`;
    throw new HopbookError("TARGET_AMBIGUOUS", message, {
      hint: "choose one with --backend namespace/pod",
      detail: names,
    });
  }
  throw new HopbookError(
    "TARGET_NOT_FOUND",
    `Cannot follow ${end.text}: no pod has the address of its backend`,
    {
      hint: "check the service's endpoints and whether every node was asked",
      detail: names,
    },
  );
}

/** An end of which the pod can be entered and its node cannot: it is seen from within the pod alone. */
export function enterByPod(
  end: End,
  context: {
    readonly accesses: ReadonlyMap<string, GuardedAccess>;
    readonly profile: Pick<ClusterProfile, "nodes">;
  },
): End {
  const { accesses, profile } = context;
  if (end.pod === null || end.target !== undefined) return end;
  const isNode = profile.nodes.some(({ name, pod }) => name === end.node && pod === undefined);
  const target = profile.nodes.find(({ pod }) => pod === end.pod)?.name ?? end.pod;
  if (isNode || !accesses.has(target)) return end;
  return {
    ...end,
    target,
    node: end.node ?? unknownNode(end.pod),
    netns: { kind: "own" },
    cniHostInterfaces: [],
  };
}

/** The access of a node of the path. */
export function accessOf(node: string, accesses: ReadonlyMap<string, GuardedAccess>): GuardedAccess {
  const access = accesses.get(node);
  if (access !== undefined) return access;
  throw new HopbookError("NODE_UNREACHABLE", `Cannot ask ${node} for its hops: there is no access to it`, {
    where: { node },
    hint: "check how the cluster profile logs in to it",
  });
}
