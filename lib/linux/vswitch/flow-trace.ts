/** Who says it, and how a person asks the same. */
export const FLOW_TRACE = {
  program: "ofproto/trace",
  byHand:
    "Ask by hand on that node: `ovs-appctl ofproto/trace BRIDGE FLOW`; `ovn-sbctl lflow-list | grep COOKIE` names OVN's own flow",
} as const;

/** An entry of a flow table that a packet came by. */
interface FlowEntry {
  readonly bridge: string;
  readonly table: number;
  /** Its match, priority and cookie as printed; "No match." where the table has none for it. */
  readonly text: string;
}

/** What the tables of one switch do with a packet. isTracked: it went through connection tracking first, whose answer is assumed. */
export type FlowEnd =
  | { readonly kind: "output"; readonly actions: string }
  | { readonly kind: "drop"; readonly at: FlowEntry; readonly isTracked: boolean };

const MOST_LINES = 20_000;
const BRIDGE = /^\s*bridge\("([^"]{1,64})"\)$/;
const ENTRY = /^\s*(\d{1,3})\. (\S.*)$/;
const ACTIONS = /^Datapath actions: (.*)$/;

/** `ovs-appctl ofproto/trace` (ofproto/ofproto-dpif-trace.c); undefined where it is no trace. */
export function parseFlowTrace(text: string): FlowEnd | undefined {
  let bridge = "";
  let last: FlowEntry | undefined;
  let dropping: FlowEntry | undefined;
  let actions: string | undefined;
  let isTracked = false;
  for (const line of text.split("\n").slice(0, MOST_LINES)) {
    const [, name] = BRIDGE.exec(line) ?? [];
    if (name !== undefined) bridge = name;
    const [, table, entry = ""] = ENTRY.exec(line) ?? [];
    if (table !== undefined) last = { bridge, table: Number(table), text: entry };
    if (/^\s+drop$/.test(line)) dropping = last;
    // What the packet goes on with behind it is another trace, which decides.
    if (line.startsWith("recirc(")) [isTracked, last, dropping] = [true, undefined, undefined];
    actions = ACTIONS.exec(line)?.[1] ?? actions;
  }
  if (actions === undefined) return undefined;
  if (actions !== "drop") return { kind: "output", actions };
  const at = dropping ?? last;
  return at === undefined ? undefined : { kind: "drop", at, isTracked };
}

/** `the flow "…" of table 20 of br-int`, for people. */
export function nameFlow({ bridge, table, text }: FlowEntry): string {
  const where = `table ${String(table)} of ${bridge}`;
  return text === "No match." ? `no flow of ${where} fits, which` : `the flow "${text}" of ${where}`;
}
