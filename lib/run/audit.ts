import { HopbookError } from "../errors.js";
import type { Audit } from "../model/audit/audit.js";
import type { FlowPath } from "../model/hops.js";
import type { Protocol } from "../model/traffic.js";
import { openRunbookSession, permit } from "../session/runbook-session.js";
import type { SharedOptions } from "../session/options.js";
import { STEP_KINDS } from "../steps/registry.js";
import { hopsInput, look } from "./plan.js";

export interface AuditOptions extends SharedOptions {
  readonly from: string;
  readonly to: string;
  /** Of the packets that are judged; default: TCP where the destination has a port (UDP of 53), else ICMP. */
  readonly protocol?: Protocol;
  /** 1 to 65535, where the destination names none. */
  readonly port?: number;
  /** Of ends that have both; default: that of the destination's first address. */
  readonly family?: 4 | 6;
}

/** The path between two ends, judged by its nodes' state alone: reads, sends nothing, captures nothing. */
export async function auditHops(options: AuditOptions): Promise<Audit> {
  const { protocol, port } = options;
  const inputs = hopsInput(options);
  const [discover, judge] = ["path/discover", "state/audit"].map((name) => STEP_KINDS.get(name));
  if (discover === undefined || judge === undefined)
    throw new HopbookError("INTERNAL", "A step kind is missing");
  const opened = await openRunbookSession({ ...options, runbook: "trace-path", inputs });
  // Whoever is asked, or refused, asked for hops and no more.
  const metadata = { ...opened.runbook.metadata, name: "hops" };
  const session = { ...opened, runbook: { ...opened.runbook, metadata } };
  const audits = await look(await permit(session, [discover, judge]), async (engine) => {
    const { paths } = (await engine.planOne(discover, inputs)).outputs as {
      readonly paths: readonly FlowPath[];
    };
    const asked = {
      ...(protocol === undefined ? {} : { protocol }),
      ...(port === undefined ? {} : { port }),
    };
    return (
      (await engine.planOne(judge, { paths, ...asked })).outputs as { readonly audits: readonly Audit[] }
    ).audits;
  });
  const [audit] = audits;
  if (audit === undefined) throw new HopbookError("INTERNAL", "Discovery gave no path");
  return audit;
}
