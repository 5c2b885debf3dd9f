import { isSet } from "./addresses.js";
import { numberOf, parseJson, recordsOf, textOf } from "./json.js";

/** A queue of a device: `tc -j -s qdisc show`, tc(8). */
export interface Qdisc {
  /** noqueue, fq_codel, netem, clsact, ingress… */
  readonly kind: string;
  readonly dev: string | null;
  readonly handle: string | null;
  readonly parent: string | null;
  readonly isRoot: boolean;
  readonly packets: number;
  /** Packets that it threw away. */
  readonly drops: number;
  readonly overlimits: number;
  readonly backlogBytes: number;
}

export function parseQdiscs(text: string): Qdisc[] {
  return recordsOf(parseJson(text)).flatMap((entry) => {
    const kind = textOf(entry, "kind");
    if (kind === null) return [];
    return [
      {
        ...{
          kind,
          dev: textOf(entry, "dev"),
          handle: textOf(entry, "handle"),
          parent: textOf(entry, "parent"),
        },
        isRoot: isSet(entry, "root"),
        packets: numberOf(entry, "packets") ?? 0,
        drops: numberOf(entry, "drops") ?? 0,
        overlimits: numberOf(entry, "overlimits") ?? 0,
        backlogBytes: numberOf(entry, "backlog") ?? 0,
      },
    ];
  });
}
