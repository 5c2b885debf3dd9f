import { join } from "node:path";
import { HopbookError, messageOf } from "../errors.js";
import { BUNDLE_KINDS } from "./kinds.js";
import { isCapture, listFiles } from "./list-files.js";

/** More are no captures of one path. */
const MOST_CAPTURES = 200;

/** A folder that others collected, as far as hopbook can judge it. */
export interface Bundle {
  /** `a sosreport`; `a folder` where no tool is known by it. */
  readonly title: string;
  /** Captures, to be opened. */
  readonly captures: readonly string[];
  /** What is there of the nodes' state, by what it is: how many files. Nothing of them is followed. */
  readonly state: Readonly<Record<string, number>>;
  /** Whether there was more in it than was looked at. */
  readonly isCut: boolean;
}

/**
 * The captures in a must-gather, a sosreport, a sysdump, or any folder, unpacked. Throws EVIDENCE_INVALID where there are
 * none or more than of one path, FILE_UNREADABLE where a part cannot be read.
 */
export async function readBundle(dir: string): Promise<Bundle> {
  try {
    const { files, isCut } = await listFiles(dir);
    const kind = BUNDLE_KINDS.find(({ marker }) => files.some((path) => marker.test(path)));
    const state: Record<string, number> = {};
    for (const [name, pattern] of Object.entries(kind?.state ?? {})) {
      const count = files.filter((path) => pattern.test(path)).length;
      if (count > 0) state[name] = count;
    }
    const captures = files.filter((path) => isCapture(dir, path)).map((path) => join(dir, path));
    const bundle = { title: kind?.title ?? "a folder", captures, state, isCut };
    refuseOthers(dir, bundle);
    return bundle;
  } catch (error) {
    if (error instanceof HopbookError) throw error;
    throw new HopbookError("FILE_UNREADABLE", `Cannot read all of ${dir}: ${messageOf(error)}`, {
      where: { file: dir },
      hint: "Copy it to where you may read all of it",
      cause: error,
    });
  }
}

function refuseOthers(dir: string, bundle: Bundle): void {
  const { captures, title } = bundle;
  const beyond = bundle.isCut ? ", as far as it was looked through" : "";
  if (captures.length === 0) {
    throw new HopbookError(
      "EVIDENCE_INVALID",
      `Cannot analyze ${dir}: it is ${title}, it is no run folder, and it has no capture in it${beyond}`,
      {
        where: { file: dir },
        hint: `A verdict needs packets${describeState(bundle)}. Name a folder that hopbook run made, or one with captures; unpack archives first`,
      },
    );
  }
  if (captures.length > MOST_CAPTURES) {
    throw new HopbookError(
      "EVIDENCE_INVALID",
      `Cannot analyze ${dir}: it has ${captures.length} captures in it, more than ${MOST_CAPTURES}`,
      { where: { file: dir }, hint: "Name those of one path: hopbook analyze A.pcap B.pcap" },
    );
  }
}

/** `; what there is of the nodes' state (1 of links, 2 of routes) is not followed without them`. */
function describeState({ state }: Bundle): string {
  const parts = Object.entries(state).map(([name, count]) => `${count} of ${name}`);
  return parts.length === 0
    ? ""
    : `; what there is of the nodes' state (${parts.join(", ")}) says nothing of any packet by itself`;
}

/** What a verdict from it rests on, and what it does not. */
export function describeBundle(bundle: Bundle): string {
  const { title, captures, state, isCut } = bundle;
  const kept = Object.keys(state);
  const unread =
    kept.length === 0
      ? "there is nothing of the nodes' state in it that hopbook knows"
      : `its ${kept.join(", ")} were not followed: look there for the cause`;
  const whole = isCut ? "; it has more files than were looked through" : "";
  const files = captures.length === 1 ? "the one capture" : `the ${captures.length} captures`;
  return `Judged by ${files} in ${title}; ${unread}${whole}`;
}
