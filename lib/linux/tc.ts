import { isSet } from "./addresses.js";
import { fieldOf, integerOf, numberOf, parseJson, recordsOf, textOf, type JsonRecord } from "./json.js";

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

/** A classifier on a device's way in or out: `tc -j -s filter show dev D ingress|egress`. */
interface TcFilter {
  /** bpf, flower, u32, matchall… */
  readonly kind: string;
  /** ip, ipv6, all… */
  readonly protocol: string | null;
  readonly priority: number | null;
  readonly chain: number | null;
  /** Of kind bpf: the program. */
  readonly program: { readonly name: string; readonly id: number | null; readonly isDirect: boolean } | null;
  readonly actions: readonly TcAction[];
}

interface TcAction {
  /** gact, mirred, skbedit, tunnel_key, vlan… */
  readonly kind: string;
  /** What happens to the packet: drop, pass, pipe, redirect, mirror… */
  readonly does: string | null;
  /** Of mirred: the other device. */
  readonly dev: string | null;
  readonly packets: number | null;
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

/** Each filter stands twice: its chain first, without options, which is left out. */
export function parseTcFilters(text: string): TcFilter[] {
  return recordsOf(parseJson(text)).flatMap((entry) => {
    const kind = textOf(entry, "kind");
    const options = fieldOf(entry, "options");
    if (kind === null || options === undefined) return [];
    return [
      {
        kind,
        protocol: textOf(entry, "protocol"),
        priority: integerOf(entry, "pref"),
        chain: integerOf(entry, "chain"),
        program: kind === "bpf" ? readProgram(options) : null,
        actions: recordsOf(options, "actions").map(readAction),
      },
    ];
  });
}

function readProgram(options: unknown): TcFilter["program"] {
  const id = integerOf(options, "prog", "id") ?? integerOf(options, "id");
  const name = textOf(options, "bpf_name") ?? textOf(options, "prog", "name");
  return { name: name ?? "", id, isDirect: fieldOf(options, "direct-action") === true };
}

function readAction(action: JsonRecord): TcAction {
  return {
    kind: textOf(action, "kind") ?? "",
    does:
      textOf(action, "mirred_action") ??
      textOf(action, "control_action", "type") ??
      textOf(action, "action_type"),
    dev: textOf(action, "to_dev"),
    packets: numberOf(action, "stats", "packets"),
  };
}
