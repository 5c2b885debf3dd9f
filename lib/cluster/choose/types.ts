import type { DebugPodAccessConfig, NodeAccessConfig, NodeTarget, Via } from "../../model/access.js";
import type { AccessChoice } from "../../model/cluster.js";
import type { KubeReader } from "../../model/kube.js";
import type { PodSecurity } from "./pod-security.js";
import type { RightAnswer } from "./rights.js";

/** A node that may have to be entered. */
export type NodeCandidate = Omit<NodeTarget, "access" | "pod">;

/** A pod that stands at an end of the path. */
export interface PodCandidate {
  readonly namespace: string;
  readonly name: string;
  /** null: it has none, or it may not be read. */
  readonly node: string | null;
}

/** What the profile says of ways in, and leaves open; `LoadedCluster.pending` is one. */
export interface AccessWishes {
  /** auto: by what may be done there; else it is settled. */
  viaOf(node: string): Via | "auto";
  /** A way in with the profile's keys. */
  configOf(node: string, via: Via): NodeAccessConfig;
}

export interface ChooseAccessOptions {
  readonly api: KubeReader;
  readonly wishes: AccessWishes;
  readonly nodes: readonly NodeCandidate[];
  readonly ends: readonly PodCandidate[];
  /** Paths of programs on this machine; null: it has none. */
  readonly programs: { readonly kubectl: string | null; readonly oc: string | null };
  /** The pod as debugPod would make it, so that admission judges that very pod. Default: one much like it. */
  readonly manifestOf?: (
    node: string,
    config: DebugPodAccessConfig & { readonly namespace: string },
  ) => object;
  readonly signal?: AbortSignal | undefined;
  /** Everything that is asked, together. Default 4 s. */
  readonly budgetMs?: number;
}

/** What the API says to a thing that is only tried (`dryRun=All`): RBAC, admission, PodSecurity, quota, webhooks. */
export interface Verdict {
  /** null: not told: it was not asked, or something there takes no dry run. */
  readonly allowed: boolean | null;
  /** The API's own words; empty where it is allowed. */
  readonly reason: string;
}

/** A namespace that debug pods could be made in. */
export interface PlaceFacts {
  readonly namespace: string;
  readonly source: "profile" | "context" | "labelled";
  readonly security: PodSecurity;
  readonly rights: readonly RightAnswer[];
  readonly debugPod: Verdict;
  /** Whether it is taken as privileged only. */
  readonly privileged: boolean;
  readonly kubectlDebug: Verdict;
  readonly ocDebug: Verdict;
}

/** A pod at an end, with what may be done in it. */
export interface PodFacts extends PodCandidate {
  readonly security: PodSecurity;
  /** Of `ephemeral` and of `podExec`, by way. */
  readonly rights: { readonly ephemeral: readonly RightAnswer[]; readonly podExec: readonly RightAnswer[] };
  readonly ephemeral: Verdict;
  /** Whether capabilities can be added to the ephemeral container, or it has what the runtime gives. */
  readonly addsCapabilities: boolean;
}

/** All that the API said; the choice is made of it alone. */
export interface AccessFacts {
  /** Why the API answers nothing at all; null where it does. */
  readonly unreachable: string | null;
  /** In the order in which they are preferred. */
  readonly places: readonly PlaceFacts[];
  readonly pods: readonly PodFacts[];
  /** Get nodes. */
  readonly node: RightAnswer | null;
  /** `use` of the SCC `privileged`; null where there are no SCCs, or nobody knows. */
  readonly scc: RightAnswer | null;
  /** Why no other namespace was looked at; empty where they were. */
  readonly elsewhere: string;
}

export interface AccessPlan {
  /** Ways in: one a node; of pods whose node cannot be entered, one a pod. */
  readonly targets: readonly NodeTarget[];
  readonly choices: readonly AccessChoice[];
  readonly facts: AccessFacts;
}
