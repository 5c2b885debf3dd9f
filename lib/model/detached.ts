import type { Via } from "./access.js";

/** What a run that goes on without its client is, in a few words. */
export interface DetachedAbout {
  /** 12 hex digits. */
  readonly run: string;
  readonly runbook: string;
  /** Where its traffic starts, as the user wrote it. */
  readonly target: string;
  readonly cluster: string;
  /** `user@host`. */
  readonly owner: string;
}

/** The captures of such a run on one node, as the node tells. Times are RFC 3339, UTC. */
export interface DetachedPlace extends DetachedAbout {
  readonly node: string;
  readonly since: string;
  /** When they end by themselves. */
  readonly until: string;
  /** When they are removed, collected or not. */
  readonly expires: string;
  readonly stateDir: string;
  /** `over`: its captures have ended by themselves, and wait; `dead`: it ended without being told to; what it captured may be there all the same. */
  readonly agent: "live" | "over" | "stopped" | "dead";
  readonly bytes: number;
}

/** How a run is made to go on without its client, and how it is taken up again. */
export interface DetachContext {
  readonly phase: "start" | "collect";
  readonly about: DetachedAbout;
  /** How long its captures go on; null: as long as their step says. */
  readonly durationMs: number | null;
  /** How long nodes keep what was captured after that. */
  readonly keepMs: number;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
  /** Set once what was made in the cluster for the ways in has to outlive this client. */
  readonly pods: DetachedPods;
}

/** Where captures lie: among the node's files, or in a pod's own folder, with which they are lost. */
export type DetachedStore = "node" | "pod";

/** Pods that outlive their client: `start` makes them, `collect` finds those of the run again. */
export interface DetachedPods {
  readonly phase: "start" | "collect";
  stay: boolean;
  /** Absolute folder on the nodes in which captures lie. */
  readonly workDir: string;
  /** Nodes whose captures lie in the pod itself, and are lost with it. Told by the way in. */
  readonly inPod: Set<string>;
}

/** What becomes of something that is held when its run is let go of. */
export interface ReleaseHow {
  /** The person wants out: be brief. */
  readonly interrupted: boolean;
  /** Captures that go on without the client: `leave` them where they are, with this beside them, or remove them. */
  readonly detached?:
    { readonly how: "leave"; readonly bundle: Uint8Array | null } | { readonly how: "remove" };
}

/** What a local folder, or what lies beside the captures, says of a run that goes on: detached.json. */
export interface DetachedFile {
  readonly apiVersion: "hopbook.dev/v1";
  readonly kind: "DetachedRun";
  readonly about: DetachedAbout;
  readonly durationMs: number | null;
  readonly keepMs: number;
  readonly startedAt: string;
  readonly until: string;
  readonly expires: string;
  /** Of the run's folder. */
  readonly folder: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly via: Via;
    readonly stateDir: string;
    /** Whether the captures outlive what the way in made there. Absent: they do. */
    readonly store?: DetachedStore;
  }[];
  /** As the cluster was named. */
  readonly named: { readonly cluster: string | null };
  /** What the engine needs to take the run up again. */
  readonly snapshot: unknown;
}
