import { join } from "node:path";
import { HopbookError } from "../errors.js";
import { unreadable } from "../files/failure.js";
import { BUNDLE_KINDS, type BundleKind } from "./kinds.js";
import { isCapture, listFiles } from "./list-files.js";
import { readState, type KnownState } from "./read-state.js";

/** More are no captures of one path. */
const MOST_CAPTURES = 200;

/** A folder that others collected, as far as hopbook can judge it. */
export interface Bundle {
  /** `a sosreport`; `a folder` where no tool is known by it. */
  readonly title: string;
  /** Captures, to be opened. */
  readonly captures: readonly string[];
  /** The captures' paths within the folder. */
  readonly paths: readonly string[];
  /** What is there besides, by what it is: how many files. Nothing of them is followed. */
  readonly state: Readonly<Record<string, number>>;
  /** What the texts beside the captures say of nodes. */
  readonly known: KnownState;
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
    const paths = files.filter((path) => isCapture(dir, path));
    const title = kind?.title ?? "a folder";
    refuseOthers(dir, { title, captures: paths.length, found: countState(kind, files), isCut });
    const known = readState(dir, files);
    const followed = new Set(known.records.flatMap(({ argv }) => argv.slice(0, 1)));
    const others = files.filter((path) => !followed.has(path));
    const state = countState(kind, others);
    return { title, captures: paths.map((path) => join(dir, path)), paths, state, known, isCut };
  } catch (error) {
    if (error instanceof HopbookError) throw error;
    throw unreadable(dir, error, { what: "all of", hint: "Copy it to where you may read all of it" });
  }
}

function countState(kind: BundleKind | undefined, files: readonly string[]): Record<string, number> {
  const counts = Object.entries(kind?.state ?? {}).map(
    ([name, pattern]) => [name, files.filter((path) => pattern.test(path)).length] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

interface Looked {
  readonly title: string;
  readonly captures: number;
  readonly found: Readonly<Record<string, number>>;
  readonly isCut: boolean;
}

function refuseOthers(dir: string, { title, captures, found, isCut }: Looked): void {
  const beyond = isCut ? ", as far as it was looked through" : "";
  if (captures === 0) {
    throw new HopbookError(
      "EVIDENCE_INVALID",
      `Cannot analyze ${dir}: it is ${title}, it is no run folder, and it has no capture in it${beyond}`,
      {
        where: { file: dir },
        hint: `A verdict needs packets${describeState(found)}. Name a folder that hopbook run made, or one with captures; unpack archives first`,
      },
    );
  }
  if (captures > MOST_CAPTURES) {
    throw new HopbookError(
      "EVIDENCE_INVALID",
      `Cannot analyze ${dir}: it has ${captures} captures in it, more than ${MOST_CAPTURES}`,
      { where: { file: dir }, hint: "Name those of one path: hopbook analyze A.pcap B.pcap" },
    );
  }
}

/** `; what there is of the nodes' state (1 of links, 2 of routes) is not followed without them`. */
function describeState(found: Looked["found"]): string {
  const parts = Object.entries(found).map(([name, count]) => `${count} of ${name}`);
  return parts.length === 0
    ? ""
    : `; what there is of the nodes' state (${parts.join(", ")}) says nothing of any packet by itself`;
}

/** So many names are told. */
const MOST_NAMES = 4;

/** What a verdict from it rests on, and what it does not. */
export function describeBundle(bundle: Bundle): string {
  const { title, captures, state, known, isCut } = bundle;
  const files = captures.length === 1 ? "the one capture" : `the ${captures.length} captures`;
  const nodes = listSome([...new Set(known.records.map(({ node }) => node))]);
  const kinds = [...new Set(known.records.map(({ kind }) => kind))].sort().join(", ");
  const by = nodes === "" ? "" : `, and by what ${nodes} printed, at a time of its own: ${kinds}`;
  const unfollowed = Object.keys(state);
  const rest = [
    ...(nodes === "" && unfollowed.length === 0
      ? ["there is nothing of the nodes' state in it that hopbook knows"]
      : []),
    ...(unfollowed.length === 0 ? [] : [`its ${unfollowed.join(", ")} were not followed`]),
    ...(known.unread.length === 0 ? [] : [`${listSome(known.unread)} could not be understood`]),
    ...(isCut ? ["it has more files than were looked through"] : []),
  ];
  return [`Judged by ${files} in ${title}${by}`, ...rest].join("; ");
}

function listSome(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return [...names.slice(0, MOST_NAMES), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}
