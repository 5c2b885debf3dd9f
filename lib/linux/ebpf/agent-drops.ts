import { asList, fieldOf, numberOf, parseJson, textOf } from "../json.js";
import { linesOf } from "../lines.js";

/** Packets that a CNI's eBPF programs dropped since they were loaded, of one kind. */
export interface AgentDrop {
  /** As its users call it. */
  readonly agent: string;
  /** What was asked: `cilium-dbg bpf metrics list`. */
  readonly command: string;
  /** null: of all the node's devices. */
  readonly device: string | null;
  /** ingress, egress, and what else the agent tells apart. */
  readonly direction: string;
  /** In the agent's words. */
  readonly reason: string;
  readonly packets: number;
}

/** What a node's agents counted. */
interface AgentDrops {
  readonly drops: readonly AgentDrop[];
  /** Agents that list only what they have counted, and whose whole list was understood: what is not in it was none. */
  readonly whole: ReadonlySet<string>;
}

/** What AGENT_DROPS_SCRIPT prints. What is not understood is left out. */
export function parseAgentDrops(text: string): AgentDrops {
  const read = `\n${text}`
    .split("\n#")
    .slice(1)
    .flatMap((part) => {
      const [name = "", ...rest] = part.split("\n");
      return READERS.get(name.trim())?.(rest.join("\n")) ?? [];
    });
  return {
    drops: read.flatMap(({ drops }) => drops),
    whole: new Set(read.flatMap(({ whole }) => whole ?? [])),
  };
}

interface Answer {
  readonly drops: readonly AgentDrop[];
  /** The agent, where this is all it counted. */
  readonly whole?: string;
}

const READERS: ReadonlyMap<string, (text: string) => Answer> = new Map([
  ["cilium", readMetrics],
  ["calico", readCounters],
]);

/** Below, it is no drop (cilium: pkg/monitor/api/drop.go, DropMin). */
const FIRST_DROP = 130;
/** Of what went on, where it stands among the drops by name alone. */
const WENT_ON = /^(success|forwarded|interface|plaintext|encrypt|decrypt|lb, sock)/i;

/**
 * cilium: cilium-dbg/cmd/bpf_metrics_list.go. Up to 1.15 a number, its description and packets by direction; later the
 * reason's name and a direction each, and the line of the program that dropped: these are added up.
 */
function readMetrics(text: string): Answer {
  const rows = parseJson(text);
  const found = new Map<string, AgentDrop>();
  const add = (reason: string, direction: string, packets: number | null): void => {
    if (packets === null || reason === "") return;
    const key = `${direction} ${reason}`;
    const before = found.get(key)?.packets ?? 0;
    found.set(key, { ...CILIUM, device: null, direction, reason, packets: before + packets });
  };
  for (const row of asList(rows)) {
    const number = numberOf(row, "reason");
    const name =
      number === null ? (textOf(row, "reason") ?? "") : (textOf(row, "description") ?? String(number));
    const code = number ?? (/^\d{1,3}$/.test(name) ? Number(name) : FIRST_DROP);
    if (code < FIRST_DROP || WENT_ON.test(name)) continue;
    const values = fieldOf(row, "values");
    if (values === undefined) add(name, textOf(row, "direction") ?? "", numberOf(row, "packets"));
    else for (const way of WAYS) add(name, way, numberOf(values, way, "packets"));
  }
  return { drops: [...found.values()], ...(Array.isArray(rows) ? { whole: CILIUM.agent } : {}) };
}

const CILIUM = { agent: "Cilium", command: "cilium-dbg bpf metrics list" } as const;
const CALICO = { agent: "Calico", command: "calico-node -bpf counters dump" } as const;
const WAYS = ["ingress", "egress", "service", "unknown"] as const;

/**
 * calico: felix/cmd/calico-bpf/commands/counters.go, felix/bpf/counters/counters.go. A table for each device, its name behind
 * it; a category stands in the first of its rows alone, and a long name goes on in a row without numbers.
 */
function readCounters(text: string): Answer {
  const found: AgentDrop[] = [];
  let ways: readonly string[] = [];
  let rows: { readonly category: string; name: string; readonly counts: readonly string[] }[] = [];
  for (const line of linesOf(text)) {
    const device = /^dumped (\S{1,15}) counters\.$/.exec(line.trim())?.[1];
    if (device !== undefined) {
      for (const { category, name, counts } of rows) {
        if (category !== "Dropped") continue;
        ways.forEach((direction, index) => {
          const count = counts[index] ?? "";
          if (/^\d{1,15}$/.test(count))
            found.push({ ...CALICO, device, direction, reason: name, packets: Number(count) });
        });
      }
      rows = [];
      continue;
    }
    if (!line.startsWith("|")) continue;
    const [category = "", name = "", ...counts] = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (category === "CATEGORY") ways = counts.map((way) => way.toLowerCase());
    else if (counts.every((count) => count === "") && rows.length > 0) rows.at(-1)!.name += ` ${name}`;
    else rows.push({ category: category === "" ? (rows.at(-1)?.category ?? "") : category, name, counts });
  }
  return { drops: found };
}
