import type { LoadedCluster, PendingAccess } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import { ALL_VIAS, type NodeAccessConfig, type NodeTarget, type Via } from "../model/access.js";
import { visible } from "../model/visible.js";
import type { KubeChoice } from "./options.js";

/** As schemas/cluster-profile.json has it under images.tools. */
const IMAGE = /^[0-9A-Za-z][0-9A-Za-z._/:@-]{0,1000}$/;
/** Ways in that bring an image of ours; a toolbox's is its own. */
const IMAGE_VIAS: readonly Via[] = ["debugPod", "kubectlDebug", "ocDebug", "ephemeral"];
/** As a profile's durations: a pod that nobody uses is not to stay for days. */
const MAX_KEEP_WARM_MS = 24 * 60 * 60_000;
/** Of names in a note. */
const MAX_NAMED = 3;

/** `-n`, `--via`, `--image` and `--keep-warm` over what the profile says. Throws USAGE where one of them would do nothing. */
export function applyAccessFlags(given: LoadedCluster, flags: KubeChoice): LoadedCluster {
  const cluster = flags.via === undefined ? given : withVia(given, flags.via);
  const { namespace, image, keepWarmMs } = flags;
  const { profile, pending } = cluster;
  const named =
    namespace === undefined ? cluster : { ...cluster, profile: { ...profile, endNamespace: namespace } };
  if (image === undefined && keepWarmMs === undefined) return named;
  if (image !== undefined && !IMAGE.test(image)) {
    throw new HopbookError(
      "USAGE",
      `Cannot take --image ${visible(image, { maxChars: 100 })}: it is no name of an image`,
      {
        hint: "Write it as registry/name:tag or registry/name@sha256:…",
      },
    );
  }
  if (keepWarmMs !== undefined && keepWarmMs > MAX_KEEP_WARM_MS) {
    throw new HopbookError("USAGE", "Cannot keep pods warm for more than a day", {
      hint: "Write --keep-warm 10m",
    });
  }
  const vias = viasOf(cluster);
  if (image !== undefined) refuseUseless("--image", { name: profile.name, vias, takers: IMAGE_VIAS });
  if (keepWarmMs !== undefined) {
    refuseUseless("--keep-warm", { name: profile.name, vias, takers: ["debugPod"] });
  }
  if (pending === undefined) return named;
  const operatorImage = image === undefined ? {} : { operatorImage: image };
  return {
    ...named,
    profile: { ...named.profile, ...operatorImage },
    pending: overlay(pending, { image, keepWarmMs }),
  };
}

/** Its nodes and pods are entered so and in no other way. The profile's keys for that way hold. */
function withVia(cluster: LoadedCluster, via: Via | "auto"): LoadedCluster {
  const { profile, pending } = cluster;
  if (pending !== undefined) {
    const configOf = (node: string, way: Via): NodeAccessConfig => pending.configOf(node, way);
    return { ...cluster, pending: { viaOf: () => via, configOf } };
  }
  const others = [...new Set(profile.nodes.map(({ access }) => access.via))].filter((own) => own !== via);
  if (others.length === 0) return cluster;
  throw new HopbookError(
    "USAGE",
    `Cannot take --via ${via} with ${profile.name}: its nodes are entered by ${others.join(", ")}, and it names no API`,
    { hint: "Leave it out, or say with kube in the profile how the cluster's API is reached" },
  );
}

function overlay(
  pending: PendingAccess,
  { image, keepWarmMs }: Pick<KubeChoice, "image" | "keepWarmMs">,
): PendingAccess {
  const configOf = (node: string, via: Via): NodeAccessConfig => {
    const config = pending.configOf(node, via);
    return {
      ...config,
      ...(image !== undefined && IMAGE_VIAS.includes(via) ? { image } : {}),
      ...(keepWarmMs !== undefined && via === "debugPod" ? { keepWarmMs } : {}),
    };
  };
  return { viaOf: (node) => pending.viaOf(node), configOf };
}

/** Ways in that may be taken: all of them where that is left to the API. */
function viasOf({ profile, pending }: LoadedCluster): readonly Via[] {
  if (pending === undefined) return [...new Set(profile.nodes.map(({ access }) => access.via))];
  // Without nodes in the profile those of the API are entered by what stands above them; no node has the name "".
  const names = profile.nodes.length === 0 ? [""] : profile.nodes.map(({ name }) => name);
  return [
    ...new Set(
      names.flatMap((name) => {
        const via = pending.viaOf(name);
        return via === "auto" ? ALL_VIAS : [via];
      }),
    ),
  ];
}

function refuseUseless(
  flag: string,
  {
    name,
    vias,
    takers,
  }: { readonly name: string; readonly vias: readonly Via[]; readonly takers: readonly Via[] },
): void {
  if (vias.some((via) => takers.includes(via))) return;
  throw new HopbookError(
    "USAGE",
    `Cannot take ${flag} with ${name}: its nodes are entered by ${vias.join(", ")}`,
    {
      hint: `Leave it out, or set access.via to ${takers.join(" or ")} in the profile`,
    },
  );
}

/** What is entered in a way that keeps no pod, although the way was left open and pods were to be kept: a note, or none. */
export function noteUnwarmed(targets: readonly NodeTarget[], pending: PendingAccess): readonly string[] {
  const unwarmed = targets.filter(({ name, access }) => {
    if (access.via === "debugPod" || pending.viaOf(name) !== "auto") return false;
    const wished = pending.configOf(name, "debugPod");
    return wished.via === "debugPod" && (wished.keepWarmMs ?? 0) > 0;
  });
  if (unwarmed.length === 0) return [];
  const vias = [...new Set(unwarmed.map(({ access }) => access.via))].join(", ");
  const names = unwarmed.slice(0, MAX_NAMED).map(({ name, pod }) => visible(pod ?? name));
  const more = unwarmed.length > MAX_NAMED ? ` and ${unwarmed.length - MAX_NAMED} more` : "";
  return [
    `nothing is kept warm at ${names.join(", ")}${more}: only debugPod keeps pods, and the way in is ${vias}`,
  ];
}
