import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { join } from "node:path";
import { resolveInside } from "../artifacts/index.js";
import { HopbookError, messageOf } from "../errors.js";
import { fileReason } from "../files/failure.js";
import { readRegularFile } from "../files/read.js";
import { isTargetName } from "../model/names.js";
import { describeFault } from "../shapes/fault.js";
import { entry as isEntry, header as isHeader, turn as isTurn } from "../shapes/generated/recording.js";
import {
  INDEX_FILE,
  RECORDING_DIR,
  type BlobRef,
  type RecordingEntry,
  type RecordingHeader,
  type StreamTurn,
} from "./format.js";

/** A recording as it is read: a folder from anybody, of which nothing is believed. */
export interface LoadedRecording {
  readonly dir: string;
  readonly header: RecordingHeader;
  readonly entries: readonly RecordingEntry[];
  /** Why it is not whole; null where it is. */
  readonly incomplete: string | null;
}

const MAX_INDEX_BYTES = 256 * 1024 * 1024;
const MAX_BLOB_BYTES = 64 * 1024 * 1024;
const MAX_ENTRIES = 500_000;

/** Reads the index of a run folder's recording. Throws EVIDENCE_INVALID. */
export async function loadRecording(dir: string): Promise<LoadedRecording> {
  const bytes = await readRegular(dir, INDEX_FILE, { maxBytes: MAX_INDEX_BYTES, missing: NO_RECORDING });
  const [first, ...lines] = bytes
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
  const header = parse(first ?? "", { dir, line: 1 });
  if (!isHeader(header))
    throw invalid(dir, INDEX_FILE, `line 1: ${describeFault(isHeader, header, "header")}`);
  const foreign = header.cluster.nodes.find(({ name }) => !isTargetName(name));
  if (foreign !== undefined)
    throw invalid(
      dir,
      INDEX_FILE,
      `line 1: ${JSON.stringify(foreign.name.slice(0, 160))} is no name of a node`,
    );
  if (lines.length > MAX_ENTRIES) throw invalid(dir, INDEX_FILE, `it has more than ${MAX_ENTRIES} lines`);
  const entries = lines.map((text, index) => {
    const entry = parse(text, { dir, line: index + 2 });
    if (!isEntry(entry))
      throw invalid(dir, INDEX_FILE, `line ${index + 2}: ${describeFault(isEntry, entry, "entry")}`);
    return entry;
  });
  const end = entries.find((entry) => entry.type === "end");
  const incomplete = end === undefined ? "the run that made it was killed" : end.incomplete;
  return { dir, header, entries, incomplete };
}

/** The bytes of a reference, checked by their digest. Throws EVIDENCE_INVALID; RECORDING_MISSING where they were cut. */
export async function readBlob(dir: string, ref: BlobRef): Promise<Buffer> {
  if ("text" in ref) return Buffer.from(ref.text, "utf8");
  if ("cut" in ref) {
    throw new HopbookError(
      "RECORDING_MISSING",
      `Cannot replay ${dir}: an output of ${ref.cut} bytes was left out of its recording`,
      { hint: "Judge the captures with hopbook analyze; a recording keeps outputs of up to 32 MiB" },
    );
  }
  const path = `${RECORDING_DIR}/blobs/${ref.sha256}`;
  const bytes = await readRegular(dir, path, { maxBytes: Math.min(ref.bytes, MAX_BLOB_BYTES) });
  const found = createHash("sha256").update(bytes).digest("hex");
  if (bytes.length !== ref.bytes || found !== ref.sha256) throw invalid(dir, path, `its digest is ${found}`);
  return bytes;
}

/** What went over a stream. */
export async function readTurns(dir: string, ref: BlobRef): Promise<readonly StreamTurn[]> {
  const bytes = await readBlob(dir, ref);
  const lines = bytes
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
  return lines.map((line) => {
    const turn = parse(line, { dir, line: 0 });
    if (!isTurn(turn)) throw invalid(dir, INDEX_FILE, `of a stream: ${describeFault(isTurn, turn, "turn")}`);
    return turn;
  });
}

const NO_RECORDING = "it has no recording";

/** A regular file below `dir`, opened so that neither a pipe nor a link can hold or lead it. */
async function readRegular(
  dir: string,
  rel: string,
  options: { readonly maxBytes: number; readonly missing?: string },
): Promise<Buffer> {
  const inside = resolveInside(dir, rel);
  if (!inside.ok) throw invalid(dir, rel, inside.reason);
  try {
    return await readRegularFile(inside.path, options.maxBytes, constants.O_NOFOLLOW);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT" && options.missing !== undefined;
    throw invalid(dir, rel, isMissing ? options.missing : fileReason(error));
  }
}

function parse(text: string, at: { readonly dir: string; readonly line: number }): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw invalid(at.dir, INDEX_FILE, `line ${at.line}: ${messageOf(error)}`);
  }
}

/** EVIDENCE_INVALID of a file in a run folder. */
export function invalid(dir: string, rel: string, reason: string): HopbookError {
  const isMissing = reason === NO_RECORDING;
  return new HopbookError(
    "EVIDENCE_INVALID",
    `Cannot replay ${dir}: ${isMissing ? "" : `${rel}: `}${reason}`,
    {
      where: { file: join(dir, rel) },
      hint: isMissing
        ? "Name a folder of a run that was recorded (not made with --no-record); hopbook analyze judges others"
        : "Name a run folder as hopbook made it; a damaged one cannot be mended",
    },
  );
}
