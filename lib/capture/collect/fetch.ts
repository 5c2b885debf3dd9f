import { messageOf } from "../../errors.js";
import type { CaptureRecord } from "../../model/evidence.js";
import type { LocalFile } from "../../model/local-file.js";
import type { AgentLine } from "../agent-lines.js";
import type { NodeAgent } from "../node-agent.js";
import type { HopCapturePlan } from "../plan.js";

/** The agent's word for the time that it was given. */
const TIME_LIMIT = "time limit";
const PULL_TIMEOUT_MS = 300_000;
const PULLED_BYTES_A_SECOND = 1_000_000;
/** The agent's `ulimit -f` lets a file grow to twice the limit (where a block is 1 KiB) and this. More is a lie. */
const PULL_SLACK_BYTES = 2 * 1024 * 1024;

/** Where a file of the run goes, by its path in the folder. */
export type Place = (rel: string) => LocalFile;

/** A capture's file, as far as it came. */
export interface Fetched extends Pick<CaptureRecord, "pcap" | "sizeBytes" | "sha256"> {
  /** Why it did not come; null: it is here. */
  readonly why: string | null;
}

/** Brings a capture's file to `captures/NODE/HOP.pcap`. Never rejects for a node; throws where `place` does. */
export async function fetchFile(
  agent: NodeAgent,
  { hop, remotePath }: HopCapturePlan,
  options: { readonly place: Place; readonly signal?: AbortSignal | undefined },
): Promise<Fetched> {
  const nothing = { pcap: null, sizeBytes: 0, sha256: null };
  if (agent.lost !== null) return { ...nothing, why: agent.lost };
  const pcap = `captures/${hop.node}/${hop.id}.pcap`;
  // Whoever chose the names: a path that leads out of the folder ends the run before anything is asked for.
  const local = options.place(pcap);
  try {
    const { bytes, sha256 } = await agent.access.pull(remotePath, local, {
      action: "capture/pull",
      timeoutMs: Math.max(PULL_TIMEOUT_MS, (agent.plan.maxBytes / PULLED_BYTES_A_SECOND) * 1000),
      maxOutputBytes: 2 * agent.plan.maxBytes + PULL_SLACK_BYTES,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return { pcap, sizeBytes: bytes, sha256, why: null };
  } catch (error) {
    return { ...nothing, why: messageOf(error) };
  }
}

/** What is written down of a capture. `isTimed`: it was meant to end when its time is over. */
export function recordOf(
  agent: NodeAgent,
  { hop, argv, filter, snaplenBytes }: HopCapturePlan,
  { fetched, isTimed }: { readonly fetched: Fetched; readonly isTimed: boolean },
): CaptureRecord {
  const closed = findLine(agent, "closed", hop.id);
  const { ring } = agent.plan;
  const ended = endedEarly(agent, hop.id, fetched);
  const early = isTimed && ended === TIME_LIMIT ? null : ended;
  const { why, ...file } = fetched;
  const isUnpulled = why !== null && agent.lost === null;
  return {
    ...{ hopId: hop.id, node: hop.node, interface: hop.interface, argv, filter, snaplenBytes },
    listeningAtSec: closed?.sinceSec ?? findLine(agent, "listening", hop.id)?.atSec ?? null,
    // A node that is lost before the end closes nothing.
    stoppedAtSec:
      closed?.atSec ?? (file.pcap === null ? null : (findLine(agent, "ended", hop.id)?.atSec ?? null)),
    captured: closed?.captured ?? null,
    received: closed?.received ?? null,
    droppedByKernel: closed?.droppedByKernel ?? null,
    droppedByInterface: closed?.droppedByInterface ?? null,
    ...(ring === null ? {} : { ring: { files: ring.files, megabytes: ring.megabytes } }),
    ...file,
    endedEarly: early ?? (isUnpulled ? `not pulled: ${why}` : null),
  };
}

function endedEarly(agent: NodeAgent, hopId: string, { pcap }: Fetched): string | null {
  if (agent.unstarted !== null) return `it never began: ${agent.unstarted}`;
  if (agent.lost !== null && pcap === null) return `node lost: ${agent.lost}`;
  const ended = findLine(agent, "ended", hopId);
  return ended === undefined ? null : ended.why || "tcpdump ended by itself";
}

function findLine<T extends "closed" | "listening" | "ended">(
  agent: NodeAgent,
  type: T,
  hopId: string,
): Extract<AgentLine, { type: T }> | undefined {
  return agent.lines.find(
    (line): line is Extract<AgentLine, { type: T }> =>
      line.type === type && "hopId" in line && line.hopId === hopId,
  );
}
