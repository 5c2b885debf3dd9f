import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../errors.js";
import { formatBytes } from "../linux/address.js";
import { openCapture } from "../packets/open.js";
import { USUAL_OPENERS } from "../wire/open.js";
import { unpackArchive } from "./archive.js";
import { readContent } from "./files.js";
import { readKey } from "./key.js";
import { bytesOfWord, wordOf } from "./mapping/addresses.js";
import { makeNeedles, type Needles } from "./needles.js";
import { PacketRewriter } from "./packets/rewriter.js";

const MOST_LEFT = 1000;

/** An original that stands in an archive. */
interface Left {
  readonly path: string;
  /** A line of a text, a frame of a capture; 0: the file's name. */
  readonly at: number;
  readonly original: string;
}

export interface Verified {
  readonly files: number;
  readonly packets: number;
  /** How many originals were looked for. */
  readonly originals: number;
  /** Those of them that are another one's pseudonym as well, which nothing can tell apart. */
  readonly ambiguous: number;
  readonly left: readonly Left[];
  /** Files that could not be looked through, and why. */
  readonly unread: readonly { readonly path: string; readonly reason: string }[];
}

/** Looks for every original of a key in an archive, in each encoding that hopbook writes. */
export async function verifyArchive(archive: string, keyFile: string): Promise<Verified> {
  const key = await readKey(keyFile);
  const needles = makeNeedles(key);
  const dir = await mkdtemp(join(tmpdir(), "hopbook-verify-"));
  try {
    const paths = await unpackArchive(archive, dir);
    const left: Left[] = [];
    const unread: { path: string; reason: string }[] = [];
    let packets = 0;
    for (const path of paths) {
      for (const original of needles.inText(path)) left.push({ path, at: 0, original });
      const content = await readContent(join(dir, path));
      if (content.kind === "text") left.push(...lookInText(path, content.text, needles));
      else if (content.kind === "other") unread.push({ path, reason: content.reason });
      else {
        const looked = lookInCapture(join(dir, path), path, needles);
        packets += looked.packets;
        left.push(...looked.left);
        if (looked.damage !== null) unread.push({ path, reason: looked.damage });
      }
    }
    const { originals, ambiguous } = needles;
    return { files: paths.length, packets, originals, ambiguous, left: left.slice(0, MOST_LEFT), unread };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function lookInText(path: string, text: string, needles: Needles): Left[] {
  return text
    .split("\n")
    .flatMap((line, index) =>
      [...needles.inText(line)].map((original) => ({ path, at: index + 1, original })),
    );
}

/** The addresses of every header as the packets' own reader finds them, and names and long addresses wherever they stand. */
function lookInCapture(
  file: string,
  path: string,
  needles: Needles,
): { readonly packets: number; readonly left: readonly Left[]; readonly damage: string | null } {
  const left: Left[] = [];
  let packets = 0;
  const note = (original: string): void => {
    if (needles.isOriginal(original)) left.push({ path, at: packets, original });
  };
  const rewriter = new PacketRewriter(
    {
      addresses: {
        map4At: (bytes, at) => note(formatBytes([...bytesOfWord(wordOf(bytes, at))]) ?? ""),
        map6At: (bytes, at) => note(formatBytes([...bytes.subarray(at, at + 16)]) ?? ""),
      },
      macs: { mapAt: (bytes, at) => note(Buffer.from(bytes.subarray(at, at + 6)).toString("hex")) },
      labels: (labels) => labels,
    },
    { openers: USUAL_OPENERS, keepsPayload: true, tags: [], secret: Buffer.alloc(0) },
  );
  const reader = openCapture(file, path);
  try {
    while (reader.next()) {
      packets++;
      const bytes = reader.bytes.slice(reader.at, reader.at + reader.capturedBytes);
      for (const original of needles.inBytes(bytes)) left.push({ path, at: packets, original });
      rewriter.rewrite(bytes, { length: bytes.length, linktype: reader.linktype, isWhole: false });
    }
    return { packets, left, damage: null };
  } catch (error) {
    return { packets, left, damage: messageOf(error) };
  } finally {
    reader.close();
  }
}
