import { basename, resolve } from "node:path";
import { HopbookError } from "../errors.js";
import type { EvidenceEnd, EvidenceHop, FlowAddress, FlowEvidence } from "../model/evidence.js";
import type { Findings } from "../model/findings.js";
import { inferConversation, type Conversation, type KnownEnds } from "./infer.js";
import { openCapture } from "../packets/open.js";
import { describeFlow, judgeFlow } from "./verdict/flow.js";

/** Ends that are known; what is left out is inferred from the conversation with the most packets. */
export type AnalyzePcapsOptions = Omit<KnownEnds, "protocol">;

/**
 * Findings about bare capture files of one path, given in the request's order. Each file is a hop; tunnels
 * are known by their usual ports. When the captures began and ended is not known, so neither is whether
 * one of them merely stopped before the others, and the verdict says so.
 *
 * Throws EVIDENCE_INVALID or FILE_UNREADABLE where a file is no capture, USAGE where no conversation is in it.
 */
export async function analyzePcaps(
  files: readonly string[],
  options: AnalyzePcapsOptions = {},
): Promise<Findings> {
  for (const file of files) openCapture(file).close();
  const conversation = findConversation(files, options);
  const flow = describePath(files, conversation);
  const judged = judgeFlow({ flow, records: [], probes: [], dir: "/", guessTunnels: true });
  judged.decision.doubts.doubt("When the captures began and ended is not known");
  const finding = describeFlow(judged, () => ({ cause: null, lookedAt: [], caveats: [] }));
  return {
    apiVersion: "hopbook.dev/v1",
    kind: "Findings",
    run: {
      id: files.map((file) => basename(file)).join("+"),
      runbook: "analyze",
      startedAt: new Date(firstTimeUs(conversation.file) / 1000).toISOString(),
      complete: true,
      incomplete: [],
    },
    flows: [finding],
    checks: [],
  };
}

function findConversation(
  files: readonly string[],
  options: KnownEnds,
): Conversation & { readonly file: string } {
  for (const file of files) {
    const found = inferConversation(file, options);
    if (found !== null)
      return { ...found, from: options.from ?? found.from, to: options.to ?? found.to, file };
  }
  throw new HopbookError(
    "USAGE",
    `Cannot analyze ${files.join(", ")}: current value is no conversation by ICMP echo, UDP or TCP that fits`,
    { hint: "Name captures that hold the packets of one path, in the order of the request" },
  );
}

/** With the addresses that the server has behind a translation: where a file shows none of the first. */
function describePath(
  files: readonly string[],
  conversation: Conversation & { readonly file: string },
): FlowEvidence {
  const { from, to, protocol } = conversation;
  const behind = files.flatMap((file) => {
    if (inferConversation(file, { from, to, protocol }) !== null) return [];
    const other = inferConversation(file, { from, protocol });
    // What the first file shows too is no translation but another conversation.
    const isOther =
      other === null || inferConversation(conversation.file, { from, to: other.to, protocol }) !== null;
    return isOther ? [] : [other.to];
  });
  return {
    id: "f0",
    from: asEnd([from]),
    to: asEnd([to, ...behind]),
    protocol,
    probe: null,
    hops: files.map(describeHop),
    replyHops: null,
    underlay: {},
    tunnels: {},
    notes: [],
  };
}

function asEnd(addresses: readonly [FlowAddress, ...FlowAddress[]]): EvidenceEnd {
  const [{ ip, port }] = addresses;
  return { pod: null, node: null, ip, port, addresses };
}

/** A file is a place of its own: nothing says which node it came from, nor that two share a clock. */
function describeHop(file: string, index: number): EvidenceHop {
  const name = basename(file);
  return {
    index,
    id: `${index}.${name}`,
    node: `file ${index + 1}`,
    role: "nic",
    interface: name,
    mtuBytes: null,
    encapsulation: { kind: "none" },
    pcap: resolve(file),
  };
}

function firstTimeUs(file: string): number {
  const reader = openCapture(file);
  try {
    reader.next();
    return reader.timeUs;
  } finally {
    reader.close();
  }
}
