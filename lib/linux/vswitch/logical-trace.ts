import { parseOvsTable, type OvsRow, type OvsValue } from "./ovs.js";

/** Who says it, and how a person asks the same. */
export const LOGICAL_TRACE = {
  program: "ovn-trace",
  byHand: "Ask by hand where OVN's databases are: `ovn-trace`, `ovn-nbctl acl-list SWITCH`",
} as const;

/** An ACL as OVN's northbound database has it. */
export interface SwitchAcl {
  readonly name: string | null;
  /** drop, reject, allow, allow-related… */
  readonly action: string;
  readonly match: string;
  readonly priority: number | null;
  /** Who made it, by the words of what did. */
  readonly externalIds: ReadonlyMap<string, string>;
}

interface LogicalFlow {
  /** Of the source's switch and the routers: ingress; of a switch towards one of its ports: egress. */
  readonly pipeline: "ingress" | "egress";
  /** The logical switch or router. */
  readonly datapath: string;
  /** ls_in_acl, lr_in_ip_routing… */
  readonly stage: string;
  /** With its priority, as it was printed; "no match (implicit drop)" where no flow of the stage fits. */
  readonly text: string;
  /** The first digits of its UUID; "" where there is none. */
  readonly id: string;
}

/** What became of a packet. acl: dropped or rejected by one; its row may not be known. lost: it ended at a flow. */
export type LogicalEnd =
  | { readonly kind: "output"; readonly ports: readonly string[] }
  | {
      readonly kind: "acl";
      readonly verb: "drops" | "rejects";
      readonly at: LogicalFlow;
      readonly acl: SwitchAcl | null;
    }
  | { readonly kind: "lost"; readonly at: LogicalFlow };

const MOST_LINES = 20_000;
const PIPELINE = /^\s*(ingress|egress)\(dp="([^"]*)"/;
const FLOW = /^\s*\d+\. (l[sr]_\w+) \([^)]*\): (.*, priority \d+), uuid ([0-9a-f]+)$/;
const NO_FLOW = /^\s*\d+\. (l[sr]_\w+): (no match .*)$/;
const OUTPUT = /\/\* output to "([^"]*)", type "" \*\//;
const ROW = /^acl ([0-9a-f]+) (\{.*)$/;
const ASKING = /^\s*(arp|nd_ns) \{/;
const ACL_STAGE = /^ls_(in|out)_acl/;

/**
 * ovn-trace(8) in detail, and lines `acl FLOW JSON` with the row that a flow was made of. undefined where it is no
 * trace.
 */
export function parseLogicalTrace(text: string): LogicalEnd | undefined {
  const flows: LogicalFlow[] = [];
  const ports: string[] = [];
  const rows = new Map<string, SwitchAcl>();
  // Behind these it is no more the packet itself that is followed: what OVN answers, and what it asks.
  let isRejecting = false;
  let isAsking = false;
  let place: Pick<LogicalFlow, "pipeline" | "datapath"> | undefined;
  for (const line of text.split("\n").slice(0, MOST_LINES)) {
    const [, pipeline, datapath = ""] = PIPELINE.exec(line) ?? [];
    if (pipeline === "ingress" || pipeline === "egress") place = { pipeline, datapath };
    const isOther = isRejecting || isAsking;
    const flow = isOther ? undefined : readFlow(line);
    if (flow !== undefined && place !== undefined) flows.push({ ...place, ...flow });
    if (/^\s+reject\b/.test(line)) isRejecting = true;
    if (ASKING.test(line)) isAsking = true;
    const [, port] = OUTPUT.exec(line) ?? [];
    if (port !== undefined && !isOther) ports.push(port);
    const [, id = "", json = ""] = ROW.exec(line) ?? [];
    for (const row of parseOvsTable(json).slice(0, 1)) rows.set(id, readAcl(row));
  }
  if (ports.length > 0) return { kind: "output", ports };
  const at = flows.at(-1);
  if (at === undefined) return undefined;
  if (!ACL_STAGE.test(at.stage)) return { kind: "lost", at };
  // Newer versions evaluate ACLs in one stage and act in a later one.
  const [made = { at, acl: null }] = flows.toReversed().flatMap((flow) => {
    const acl = ACL_STAGE.test(flow.stage) ? rows.get(flow.id) : undefined;
    return acl !== undefined && isRefusal(acl) ? [{ at: flow, acl }] : [];
  });
  return { kind: "acl", verb: isRejecting ? "rejects" : "drops", ...made };
}

function readFlow(line: string): Pick<LogicalFlow, "stage" | "text" | "id"> | undefined {
  const [, stage, text = "", id = ""] = FLOW.exec(line) ?? NO_FLOW.exec(line) ?? [];
  return stage === undefined ? undefined : { stage, text, id };
}

const isRefusal = ({ action }: SwitchAcl): boolean => action === "drop" || action === "reject";

function readAcl(row: OvsRow): SwitchAcl {
  const priority = row.get("priority");
  const ids = row.get("external_ids");
  return {
    name: textOf(row.get("name")),
    action: textOf(row.get("action")) ?? "",
    match: textOf(row.get("match")) ?? "",
    priority: typeof priority === "number" ? priority : null,
    externalIds: new Map(ids instanceof Map ? [...ids].map(([key, of]) => [key, String(of)]) : []),
  };
}

const textOf = (value: OvsValue | undefined): string | null =>
  typeof value === "string" && value !== "" ? value : null;

/** `"NP:shop:deny-web:Ingress" (k8s.ovn.org/name shop:deny-web, …)`, for people. */
export function nameAcl(acl: SwitchAcl | null): string {
  if (acl === null) return "an ACL";
  const ids = [...acl.externalIds].map(([key, of]) => `${key} ${of}`).slice(0, 6);
  const made = ids.length === 0 ? "" : ` (${ids.join(", ")})`;
  return `the ACL ${acl.name === null ? `of ${JSON.stringify(acl.match)}` : JSON.stringify(acl.name)}${made}`;
}
