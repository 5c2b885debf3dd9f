import { HopbookError } from "../errors.js";
import { formatSize } from "../model/units.js";

/** What the capture agent says, a line each. `atSec` is Unix time by the node's clock; null where it has no %N. */
export type AgentLine =
  | { readonly type: "listening"; readonly hopId: string; readonly atSec: number | null }
  | { readonly type: "failed"; readonly hopId: string; readonly why: string }
  | { readonly type: "error"; readonly code: string; readonly why: string }
  | { readonly type: "ready" }
  | { readonly type: "ended"; readonly hopId: string; readonly atSec: number | null; readonly why: string }
  /** The agent leaves by itself: its lease is over, a signal came. */
  | { readonly type: "bye"; readonly why: string }
  | {
      readonly type: "closed";
      readonly hopId: string;
      readonly atSec: number | null;
      readonly captured: number | null;
      readonly received: number | null;
      readonly droppedByKernel: number | null;
      readonly droppedByInterface: number | null;
      readonly sizeBytes: number;
      /** Of a ring that may have gone round: its first packet. */
      readonly sinceSec: number | null;
    }
  /** So many files of rings are kept, for the number-th time. */
  | {
      readonly type: "frozen";
      readonly number: number;
      readonly atSec: number | null;
      readonly files: number;
    }
  | { readonly type: "stopped" }
  | { readonly type: "removed" }
  /** It goes on without its client. */
  | { readonly type: "left" };

/** null for a line that is none of the agent's: a login banner, a warning of sudo's. */
export function parseAgentLine(line: string): AgentLine | null {
  const [type, first = "", ...rest] = line.split(" ");
  const why = rest.join(" ").trim();
  switch (type) {
    case "listening":
      return { type, hopId: first, atSec: toNumber(rest[0]) };
    case "failed":
      return { type, hopId: first, why };
    case "error":
      return { type, code: first, why };
    case "bye":
      return { type, why: [first, ...rest].join(" ").trim() };
    case "ended":
      return { type, hopId: first, atSec: toNumber(rest[0]), why: rest.slice(1).join(" ").trim() };
    case "closed":
      return {
        type,
        hopId: first,
        atSec: toNumber(rest[0]),
        captured: toNumber(rest[1]),
        received: toNumber(rest[2]),
        droppedByKernel: toNumber(rest[3]),
        droppedByInterface: toNumber(rest[4]),
        sizeBytes: toNumber(rest[5]) ?? 0,
        sinceSec: toNumber(rest[6]),
      };
    case "frozen":
      return { type, number: toNumber(first) ?? 0, atSec: toNumber(rest[0]), files: toNumber(rest[1]) ?? 0 };
    case "ready":
    case "stopped":
    case "removed":
    case "left":
      return { type };
    default:
      return null;
  }
}

function toNumber(text: string | undefined): number | null {
  return text !== undefined && /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : null;
}

/** Why an agent did not get ready, as an error that says what to do. */
export function startError(
  node: string,
  line: Extract<AgentLine, { type: "error" | "failed" }>,
): HopbookError {
  const where = { node };
  if (line.type === "failed") {
    const gone = /No such file or directory|cannot open|No such device|doesn't exist|reassociate/i.test(
      line.why,
    );
    const isDenied = /Operation not permitted|permission to perform this capture/.test(line.why);
    return new HopbookError(
      "CAPTURE_FAILED",
      `Cannot capture at ${line.hopId}: ${line.why || "tcpdump said nothing"}`,
      {
        where,
        hint: isDenied
          ? "tcpdump needs root and NET_RAW there: enter the pod by access.via: ephemeral, or enter its node"
          : gone
            ? "The interface or the pod's network namespace is gone: is the pod still there? Run again to find it anew"
            : "Try the same tcpdump on the node: hopbook plan shows it",
      },
    );
  }
  const unattached = attachError(node, line.code);
  if (unattached !== null) return unattached;
  switch (line.code) {
    case "tool":
      return new HopbookError("TOOL_MISSING", `Cannot capture on ${node}: it has no ${line.why}`, {
        where,
        hint: `Install ${line.why} on the node, or in the image with its tools`,
      });
    case "disk":
      return diskError(node, line.why);
    case "netns":
      return new HopbookError(
        "CAPTURE_FAILED",
        `Cannot capture on ${node}: the network namespace of ${line.why} is gone`,
        {
          where,
          hint: "Is the pod still there? Run again to find it anew",
        },
      );
    default:
      return new HopbookError("CAPTURE_FAILED", `Cannot capture on ${node}: ${line.code} ${line.why}`, {
        where,
        hint: "Name a folder that is there and writable with workDir in the cluster profile",
      });
  }
}

/** Why captures that went on by themselves cannot be followed; null for any other reason. */
function attachError(node: string, code: string): HopbookError | null {
  if (code === "locked") {
    return new HopbookError("RUN_BUSY", `Cannot follow the captures on ${node}: another client does`, {
      where: { node },
      hint: "Wait until it has collected or stopped the run, or end that client",
    });
  }
  if (code !== "gone") return null;
  return new HopbookError("RUN_NOT_FOUND", `Cannot follow the captures on ${node}: they are not there`, {
    where: { node },
    hint: "They were collected, their time to be collected is over, or the node was set up anew",
  });
}

/** The agent says how much is free and how much has to be, in KiB. */
function diskError(node: string, why: string): HopbookError {
  const [freeKiB = 0, neededKiB = 0] = why.split(" ").map(Number);
  const sizes = `${formatSize(freeKiB * 1024)} are free, ${formatSize(neededKiB * 1024)} have to be`;
  return new HopbookError("NODE_DISK_FULL", `Cannot capture on ${node}: ${sizes}`, {
    where: { node },
    hint: "Free some disk on the node, name another folder with workDir in the cluster profile, or lower maxBytes",
  });
}
