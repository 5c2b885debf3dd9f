import { canonicalIp } from "../address.js";
import { asList, fieldOf, numberOf, parseJson, textOf, textsOf } from "../json.js";
import { linesOf, wordsOf } from "../lines.js";

export const POLICY_AGENT = {
  name: "Cilium",
  /** AGENT_POLICY_SCRIPT's exit code where the agent runs and cannot be asked. */
  unaskedExitCode: 4,
  byHand: "Ask its agent by hand: `cilium-dbg bpf policy get ENDPOINT`, `cilium-dbg monitor -t drop`",
} as const;

type PolicyDirection = "ingress" | "egress";

/** A line of an endpoint's policy map. */
export interface IdentityEntry {
  readonly isDeny: boolean;
  readonly direction: PolicyDirection;
  /** 0: any. */
  readonly identity: number;
  /** `8080/TCP`, `80-95/TCP`, `TCP`, `ANY`. */
  readonly port: string;
  /** As printed, of single spaces. */
  readonly text: string;
}

/** A pod to Cilium's agent of its node. */
export interface AgentEndpoint {
  readonly id: number;
  readonly ip: string;
  readonly identity: number | null;
  readonly labels: readonly string[];
  /** Directions in which its policy decides. */
  readonly enforced: readonly PolicyDirection[];
  /** null: it was not read, or not understood as a whole. */
  readonly policy: readonly IdentityEntry[] | null;
}

/** What AGENT_POLICY_SCRIPT prints (cilium: cilium-dbg/cmd/bpf_policy_get.go, api/v1/models/endpoint.go). */
export function parseAgentPolicy(text: string): AgentEndpoint[] {
  const parts = `\n${text}`.split("\n#endpoint ").slice(1);
  return parts.flatMap((part): AgentEndpoint[] => {
    const [head = "", table = ""] = part.split("\n#policy\n");
    const end = head.indexOf("\n");
    const ip = canonicalIp(head.slice(0, end).trim());
    const [endpoint] = asList(parseJson(head.slice(end + 1)));
    const id = numberOf(endpoint, "id");
    if (ip === undefined || id === null) return [];
    const identity = fieldOf(endpoint, "status", "identity");
    return [
      {
        ...{ id, ip, identity: numberOf(identity, "id"), labels: textsOf(identity, "labels") },
        enforced:
          ENFORCED.get(textOf(endpoint, "status", "policy", "realized", "policy-enabled") ?? "") ?? [],
        policy: parsePolicy(table),
      },
    ];
  });
}

/** In the modes of audit nothing is dropped. */
const ENFORCED: ReadonlyMap<string, readonly PolicyDirection[]> = new Map([
  ["ingress", ["ingress"]],
  ["egress", ["egress"]],
  ["both", ["ingress", "egress"]],
]);

/** Older versions have no first column: what they hold allows. */
function parsePolicy(table: string): readonly IdentityEntry[] | null {
  const [head = "", ...lines] = linesOf(table).filter((line) => line.trim() !== "");
  const titles = wordsOf(head);
  const first = titles.indexOf("DIRECTION");
  if (first < 0 || first > 1 || titles[first + 1] !== "IDENTITY" || titles[first + 2] !== "PORT/PROTO")
    return null;
  const rows = lines.filter((line) => !line.startsWith("Policy stats empty."));
  const entries = rows.flatMap((line): IdentityEntry[] => {
    const words = wordsOf(line);
    const [direction = "", identity = "", port = ""] = words.slice(first);
    const verb = first === 0 ? "Allow" : words[0];
    if (!/^(Ingress|Egress)$/.test(direction) || !/^\d{1,10}$/.test(identity)) return [];
    if (verb !== "Allow" && verb !== "Deny") return [];
    return [
      {
        ...{ isDeny: verb === "Deny", identity: Number(identity), port, text: words.join(" ") },
        direction: direction === "Ingress" ? "ingress" : "egress",
      },
    ];
  });
  return entries.length === rows.length ? entries : null;
}

interface IdentityPacket {
  readonly direction: PolicyDirection;
  /** Of the other end. */
  readonly identity: number;
  readonly protocol: "icmp" | "tcp" | "udp";
  readonly family: 4 | 6;
  /** Of the destination; null: none, or not known. */
  readonly port: number | null;
}

/** What a policy map says of a packet; undecided: it has an entry that is not understood. */
type IdentityVerdict =
  | { readonly kind: "admitted" | "denied"; readonly by: IdentityEntry }
  | { readonly kind: "missing" | "undecided" };

const ECHO = { 4: ["ICMP", 8], 6: ["ICMPv6", 128] } as const;

export function judgeIdentity(policy: readonly IdentityEntry[], packet: IdentityPacket): IdentityVerdict {
  const own = policy.filter(
    ({ direction, identity }) =>
      direction === packet.direction && (identity === 0 || identity === packet.identity),
  );
  const fitting = own.map((entry) => ({ entry, fits: fitsPort(entry.port, packet) }));
  const by = (isDeny: boolean): IdentityEntry | undefined =>
    fitting.find(({ entry, fits }) => fits === true && entry.isDeny === isDeny)?.entry;
  const [denied, allowed] = [by(true), by(false)];
  if (denied !== undefined) return { kind: "denied", by: denied };
  if (fitting.some(({ fits }) => fits === null)) return { kind: "undecided" };
  return allowed === undefined ? { kind: "missing" } : { kind: "admitted", by: allowed };
}

/** null: it is not understood, or depends on a port that is not known. */
function fitsPort(text: string, { protocol, family, port }: IdentityPacket): boolean | null {
  const [name, number] = protocol === "icmp" ? ECHO[family] : [protocol.toUpperCase(), port];
  if (text === "ANY") return true;
  const [, first, last = first, of] =
    /^(?:(\d{1,5})(?:-(\d{1,5}))?\/)?([A-Za-z][A-Za-z0-9]*)$/.exec(text) ?? [];
  if (of === undefined) return null;
  if (of.toUpperCase() !== name.toUpperCase()) return false;
  if (first === undefined) return true;
  return number === null ? null : number >= Number(first) && number <= Number(last);
}
