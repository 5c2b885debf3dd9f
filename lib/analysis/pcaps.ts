import { basename } from "node:path";
import { HopbookError } from "../errors.js";
import type { CauseResult } from "../model/cause.js";
import type { FlowEvidence, StateRecord } from "../model/evidence.js";
import type { Findings, FlowAudit, FlowFinding } from "../model/findings.js";
import type { Naming } from "../model/naming.js";
import type { Protocol } from "../model/traffic.js";
import type { Flow } from "./follow/flow.js";
import { describePlaces, type KnownHop } from "./bare-places.js";
import { findCause as findCauseInState } from "./cause/index.js";
import { compareAll } from "./verdict/facts.js";
import { describeFlow, type FindFlowCause } from "./verdict/flow.js";
import { FrameReader } from "./verdict/frames.js";
import { judgeFlows } from "./verdict/judge.js";
import type { JudgedFlow } from "./verdict/judged.js";
import { chooseWorst, countLeftOut, mergeWorst } from "./verdict/worst.js";

/** Which flows are wanted; what is left out is any. */
export interface AnalyzePcapsOptions {
  /** An address of the client, or of the server (also one that it is translated to). */
  readonly from?: string;
  readonly to?: string;
  /** The server's. */
  readonly port?: number;
  readonly protocol?: Protocol;
  /**
   * What `ip -j link` printed where captures of all devices were made: the names of what they know by index. A text a file,
   * or one for all.
   */
  readonly links?: readonly string[];
  readonly known?: KnownBeside;
}

/** What is known beside captures of the nodes that they were made on. */
export interface KnownBeside {
  /** Where each was made, in the order of the files; null: not known. */
  readonly places: readonly (KnownHop | null)[];
  /** The nodes' state, looked at at some time. */
  readonly state: readonly StateRecord[];
  /** By a record's file. */
  readonly readText: (file: string) => string | undefined;
  /** By which names rules tell whose they are. */
  readonly namings: readonly Naming[];
  /** A flow with what the nodes' state tells of its ends and its way. */
  complete(flow: FlowEvidence): FlowEvidence;
  /** What the state alone says of the flow; null: nothing. */
  audit(flow: FlowEvidence): FlowAudit | null;
}

/**
 * Findings about all flows in bare capture files of one path, given in order, either way round. Each file is a hop, or each
 * device where a file shows several;
 * tunnels are known by their usual ports. When the captures began and ended is not known, so neither is whether one of
 * them merely stopped before the others, and the verdicts say so.
 *
 * Throws EVIDENCE_INVALID or FILE_UNREADABLE where a file is no capture, USAGE where no flow that is wanted is in them.
 */
export async function analyzePcaps(
  files: readonly string[],
  { links, known, ...options }: AnalyzePcapsOptions = {},
): Promise<Findings> {
  const { paths, devices, leftOut: unseen } = describePlaces(files, links, known?.places);
  const { others, unanswered, leftOut, followed, captures } = judgeFlows({
    flows: [],
    paths,
    devices,
    records: [],
    probes: [],
    dir: "/",
    isBare: true,
  });
  const { listed, rest } = chooseWorst(others, (flow) => isWanted(flow, options));
  const isAnyWanted = Object.values(options).every((value) => value === undefined);
  const questions = isAnyWanted ? unanswered : [];
  if (listed.length + questions.length === 0) {
    const packets = followed.readings.reduce((sum, { records }) => sum + records, 0);
    throw noFlow(files, { others: others.summaries.length, packets });
  }
  for (const { decision } of listed)
    for (const doubt of ["When the captures began and ended is not known", ...unseen])
      decision.doubts.doubt(doubt);
  const compared = compareAll(listed);
  const frames = new FrameReader(captures);
  const findCause = (input: Parameters<FindFlowCause>[0]): CauseResult =>
    known === undefined
      ? { cause: null, lookedAt: [], caveats: [] }
      : findCauseInState({ ...input, ...known, drops: [] });
  const describe = (bare: JudgedFlow): FlowFinding => {
    const flow = known?.complete(bare.flow) ?? bare.flow;
    const audit = known?.audit(flow) ?? null;
    const shared = { others: compared, frames };
    const told = describeFlow({ ...bare, flow }, findCause, shared);
    return audit === null ? told : { ...told, audit };
  };
  const startUs = Math.min(...followed.readings.map(({ firstUs }) => firstUs ?? Infinity));
  return {
    apiVersion: "hopbook.dev/v1",
    kind: "Findings",
    run: {
      id: files.map((file) => basename(file)).join("+"),
      runbook: "analyze",
      startedAt: dateOf(startUs),
      complete: true,
      incomplete: [],
    },
    flows: mergeWorst(
      frames.use(() => listed.map(describe)),
      questions,
    ),
    ...countLeftOut(rest, leftOut),
    checks: [],
  };
}

/** The last moment that RFC 3339 has. */
const MOST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** A moment as text; the nearest one that there is, where a capture's clock says one that there is not. */
function dateOf(timeUs: number): string {
  return new Date(Math.min(Math.max(timeUs / 1000, 0), MOST_MS)).toISOString();
}

function isWanted(
  flow: Flow,
  { from, to, port, protocol }: Omit<AnalyzePcapsOptions, "links" | "known">,
): boolean {
  const servers = [flow.server, ...(flow.behind === null ? [] : [flow.behind])];
  return (
    (from ?? flow.client.ip) === flow.client.ip &&
    (to === undefined || servers.some(({ ip }) => ip === to)) &&
    (port === undefined || servers.some((server) => server.port === port)) &&
    (protocol ?? flow.protocol) === flow.protocol
  );
}

function noFlow(
  files: readonly string[],
  { others, packets }: { readonly others: number; readonly packets: number },
): HopbookError {
  const what =
    packets === 0
      ? "no packet in them"
      : others === 0
        ? `no conversation by ICMP echo, UDP or TCP in their ${packets} packets`
        : `${others} flows, and none that fits`;
  return new HopbookError("USAGE", `Cannot analyze ${files.join(", ")}: there is ${what}`, {
    hint:
      others === 0
        ? "Name captures that hold the packets of one path, in the order of the path; what an encrypted tunnel carries shows only in front of its device"
        : "Name other ends, or none, to see what is there",
  });
}
