import pMap from "p-map";
import { resolveSsh } from "../access/registry.js";
import { asHopbookError } from "../errors.js";
import type { AccessEnd, NodeTarget } from "../model/access.js";
import type { KubeRef } from "../model/kube.js";
import type { Session } from "./session.js";

const PARALLEL = 8;

/**
 * Where commands for the nodes really go: of ssh's what it makes of its configuration, of the API the server and its CA.
 * ssh's may run programs for that (`Match exec`), so permission comes first. Throws INTERRUPTED, and what opening the API
 * throws.
 */
export async function resolveEnds(
  session: Pick<Session, "profile" | "openKube" | "signal">,
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
  const nodes = await pMap(profile.nodes, async (target) => endOf(target, signal), { concurrency: PARALLEL });
  return [...apis, ...nodes.flat()].toSorted((a, b) => (a.of < b.of ? -1 : 1));
}

async function endOf(
  { name, address = name, access }: NodeTarget,
  signal: AbortSignal,
): Promise<AccessEnd[]> {
  if (access.via !== "ssh" && access.via !== "toolbox") return [];
  try {
    const settings = await resolveSsh({ name, address, access: { ...access, via: "ssh" } }, signal);
    return [{ of: name, settings }];
  } catch (error) {
    const known = asHopbookError(error);
    if (known.code === "INTERRUPTED") throw known;
    // It is not entered either: to be out of reach is no error of a run.
    return [{ of: name, settings: { unresolved: known.message } }];
  }
}
