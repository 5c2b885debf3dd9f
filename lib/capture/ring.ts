import { HopbookError } from "../errors.js";
import { parseSize } from "../model/units.js";

/** Files in which a capture goes round: the oldest is overwritten. */
export interface Ring {
  readonly files: number;
  /** In 10^6 bytes, which is what every tcpdump can count by. */
  readonly megabytes: number;
  /** How often what it holds may be kept, each time beside the rest. */
  readonly freezes: number;
}

const FEWEST_FILES = 2;
const MOST_FILES = 100;
/** What a capture file may have in every version of tcpdump. */
const MOST_MEGABYTES = 2000;
const MEGABYTE = 1_000_000;

/** `10x100MiB`: ten files of 100 MiB, rounded down to whole 10^6 bytes. Throws INPUT_INVALID. */
export function parseRing(text: string, freezes = 0): Ring {
  const [, count = "", size = ""] = /^([0-9]{1,3})x(.+)$/.exec(text) ?? [];
  const files = Number(count);
  const megabytes = Math.floor((parseSize(size) ?? 0) / MEGABYTE);
  const isCount = files >= FEWEST_FILES && files <= MOST_FILES;
  if (isCount && megabytes >= 1 && megabytes <= MOST_MEGABYTES) return { files, megabytes, freezes };
  throw new HopbookError("INPUT_INVALID", `Cannot use the ring ${JSON.stringify(text.slice(0, 80))}`, {
    hint: `Write it as 10x100MiB: ${FEWEST_FILES} to ${MOST_FILES} files of 1 MB to ${MOST_MEGABYTES} MB`,
  });
}

/** One of a part of its room, of as many files where these are not too small for that; as small as a ring can be at the least. */
export function shrinkRing({ files, megabytes, freezes }: Ring, parts: number): Ring {
  const room = (files * megabytes) / parts;
  const fewer = Math.max(FEWEST_FILES, Math.min(files, Math.floor(room)));
  return { files: fewer, megabytes: Math.max(1, Math.floor(room / fewer)), freezes };
}

/** The most that lies on a node: every point's ring and what of it is kept, and one file twice while the files of a point are put together. */
export function ringBytes({ files, megabytes, freezes }: Ring, points: number): number {
  return (files * points * (1 + freezes) + 1) * megabytes * MEGABYTE;
}
