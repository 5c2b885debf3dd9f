import pMap from "p-map";
import { resolveSsh } from "../access/registry.js";
import { asHopbookError } from "../errors.js";
import type { AccessEnd, NodeTarget } from "../model/access.js";
import type { KubeRef } from "../model/kube.js";
import type { Session } from "./session.js";

const PARALLEL = 8;
/** All nodes together: where names cannot be looked up each may take as long as ssh waits for that. */
const ALL_WITHIN_MS = 5_000;

/**
 * Where commands for the nodes really go: of ssh's what it makes of its configuration, of the API the server and its CA.
 * ssh's may run programs for that (`Match exec`), so permission comes first. Throws INTERRUPTED, and what opening the API
 * throws. What could not be told in time is left unresolved: it is entered where ssh can, and no plan is held to it.
 */
export async function resolveEnds(
  session: Pick<Session, "profile" | "openKube" | "signal">,
  { allWithinMs = ALL_WITHIN_MS }: { readonly allWithinMs?: number } = {},
): Promise<readonly AccessEnd[]> {
  const { profile, openKube, signal } = session;
  const refs = [
    profile.kube,
    ...profile.nodes.map(({ access }) => ("kube" in access ? access.kube : undefined)),
  ];
  const contexts = new Map<string, KubeRef>();
  for (const ref of refs)
    if (ref !== undefined) contexts.set(JSON.stringify([ref.kubeconfig, ref.context]), ref);
  const apis = [...contexts.values()].map((ref): AccessEnd => {
    const { context, endpoint } = openKube(ref);
    return { of: `the API of context ${context}`, settings: { ...endpoint } };
  });
  const deadline = AbortSignal.timeout(allWithinMs);
  const within = { signal, deadline, either: AbortSignal.any([signal, deadline]) };
  const nodes = await pMap(profile.nodes, async (target) => endOf(target, within), { concurrency: PARALLEL });
  return [...apis, ...nodes.flat()].toSorted((a, b) => (a.of < b.of ? -1 : 1));
}

const LATE = "ssh took too long to say it of all nodes; can names be looked up here?";

interface Within {
  /** The person's. */
  readonly signal: AbortSignal;
  readonly deadline: AbortSignal;
  readonly either: AbortSignal;
}

async function endOf(
  { name, address = name, access }: NodeTarget,
  { signal, deadline, either }: Within,
): Promise<AccessEnd[]> {
  if (access.via !== "ssh" && access.via !== "toolbox") return [];
  const late = [{ of: name, settings: { unresolved: `Cannot tell where ssh would enter ${name}: ${LATE}` } }];
  if (deadline.aborted && !signal.aborted) return late;
  try {
    const settings = await resolveSsh({ name, address, access: { ...access, via: "ssh" } }, either);
    return [{ of: name, settings }];
  } catch (error) {
    const known = asHopbookError(error);
    if (known.code === "INTERRUPTED") {
      if (!signal.aborted) return late;
      throw known;
    }
    // It is not entered either: to be out of reach is no error of a run.
    return [{ of: name, settings: { unresolved: known.message } }];
  }
}
