import { Looks } from "./looks.js";
import type { ClusterProfile, End } from "../model/cluster.js";
import { containsIp, parsePrefix } from "../linux/address.js";
import { lookUpRoute, type NodeView } from "./read-node.js";
import { recogniseOrGeneric, type Recognised } from "./recognise.js";
import type { HopRecipe } from "./recipe.js";
import { addressAtPod } from "./side.js";
import { isTunnel } from "./underlay.js";

/** One end of a path and what was read of its node; null: it has none, or it was not read. */
interface ViewedEnd {
  readonly end: End;
  readonly view: NodeView | null;
}

interface ChoiceContext {
  readonly profile: ClusterProfile;
  readonly recipes: readonly HopRecipe[];
  readonly preferred?: readonly string[] | undefined;
  readonly mustRecognise?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The recipe for a path between two ends, by what their nodes show and where they route packets for the other end. Throws CNI_UNRECOGNISED. */
export async function chooseRecipe(ends: readonly ViewedEnd[], context: ChoiceContext): Promise<Recognised> {
  const { profile, recipes, preferred = [], mustRecognise, signal } = context;
  const nodes = await Promise.all(
    ends.map(async ({ end, view }) => {
      const peer = ends.find((other) => other.end !== end)?.end;
      if (view === null) return [];
      const towards = peer === undefined ? null : await findTowards(view, { end, peer, signal });
      const { node, links, routes } = view;
      return [{ node, links, routes, towards }];
    }),
  );
  return recogniseOrGeneric(nodes.flat(), recipes, {
    ...{ wanted: profile.cni, preferred, isStrict: mustRecognise },
  });
}

/** The device of a node's route to a pod on another node; the default route says nothing of a CNI. */
async function findTowards(
  view: NodeView,
  { end, peer, signal }: { readonly end: End; readonly peer: End; readonly signal: AbortSignal | undefined },
): Promise<string | null> {
  if (peer.node === null || peer.node === end.node || peer.hostNetwork) return null;
  const dst = addressAtPod(peer);
  const byTable = findInTable(view, dst);
  const tunnels = view.links.filter(({ kind }) => isTunnel(kind));
  // Where there are tunnels besides what the main table names, rules of policy routing may lead into them.
  const others = tunnels.filter(({ name }) => name !== byTable);
  if (others.length === 0 || (byTable === null && others.length === 1)) return byTable;
  const looks = new Looks({ access: view.access, netns: { kind: "host" }, signal });
  const { found } = await lookUpRoute(looks, { dst });
  const isTold = byTable !== null || tunnels.some(({ name }) => name === found?.dev);
  return isTold ? (found?.dev ?? null) : null;
}

function findInTable({ routes }: NodeView, ip: string): string | null {
  const fitting = routes.flatMap(({ dst, type, nexthops }) => {
    const prefix = type === "unicast" ? parsePrefix(dst) : undefined;
    const dev = nexthops[0]?.dev ?? null;
    return prefix !== undefined && dev !== null && containsIp(prefix, ip)
      ? [{ bits: prefix.lengthBits, dev }]
      : [];
  });
  const [best] = fitting.sort((a, b) => b.bits - a.bits);
  return best?.dev ?? null;
}
