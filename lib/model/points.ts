import type { Hop } from "./hops.js";
import type { HopRole } from "./roles.js";

/** A place where packets are captured because somebody named it, with no path that it is a hop of. */
export interface CapturePoint extends Omit<Hop, "index" | "pod"> {
  /** `namespace/name`; null for an interface of the node. */
  readonly pod: string | null;
  /** The pod's addresses; empty for an interface of the node. */
  readonly ips: readonly string[];
  /** `pod/eth0@node`, `eth0@node`: what reports and streams call it. */
  readonly name: string;
  /** What tcpdump captures there: what was asked for, without the login's own packets. */
  readonly filter: string;
}

/** tcpdump's word for all interfaces of a network namespace at once. */
export const ANY_INTERFACE = "any";

/** evidence/points.json: `{points, filter}`; links of the places where all interfaces are captured, by the point's id. */
export interface PointsFile {
  readonly filter: string;
  readonly points: readonly (CapturePoint & {
    /** Relative to the run folder. */
    readonly pcap: string;
    /** Names of interfaces by their index there, where all of them are captured. */
    readonly links?: Readonly<Record<string, string>>;
    /** What they are, likewise, where they are the node's. */
    readonly roles?: Readonly<Record<string, HopRole>>;
    /** What had to fit there beside the filter of all points. */
    readonly only?: string;
  })[];
}
