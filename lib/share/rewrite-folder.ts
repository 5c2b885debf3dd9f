import { mkdir, rename as move, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { hashFile } from "../artifacts/index.js";
import { messageOf } from "../errors.js";
import type { Openers } from "../wire/open.js";
import type { FileContent } from "./files.js";
import type { Mapping } from "./mapping/mapping.js";
import { rewriteCapture, type RewrittenCapture } from "./packets/capture.js";
import { PacketRewriter } from "./packets/rewriter.js";
import { TextMapper } from "./text/text-mapper.js";

const BLOB = /^recording\/blobs\/[0-9a-f]{64}$/;
/** Made anew from the others. */
const MADE_ANEW: readonly string[] = ["report.md", "report.html", "manifest.json"];
const REFERENCES = [
  /("sha256":\s?"([0-9a-f]{64})",\s?"bytes":\s?)\d+/g,
  /("bytes":\s?)\d+(?=,\s?"sha256":\s?"([0-9a-f]{64})")/g,
];

export interface SourceFile {
  readonly path: string;
  readonly content: FileContent;
}

interface RewriteJob {
  readonly dir: string;
  readonly work: string;
  readonly files: readonly SourceFile[];
  readonly mapping: Mapping;
  readonly openers: Openers;
  /** What the run's own probes carry, which stays: hexadecimal. */
  readonly tags: readonly string[];
  /** The run's own number and such marks, which stay in texts. */
  readonly numbers: readonly string[];
  readonly keepsPayload: boolean;
}

export interface RewrittenFolder {
  readonly mapper: TextMapper;
  readonly captures: readonly RewrittenCapture[];
  readonly texts: number;
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[];
  readonly damaged: readonly { readonly path: string; readonly reason: string }[];
  /** Paths before and after. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** Writes a run folder's files anew in another, captures first: what they name is looked for in the texts. */
export async function rewriteFolder(job: RewriteJob): Promise<RewrittenFolder> {
  const digests = new Map<string, { readonly sha256: string; readonly sizeBytes: number }>();
  const sizes = new Map<string, number>();
  const kept = {
    digest: (text: string) => digests.get(text)?.sha256 ?? (job.numbers.includes(text) ? text : undefined),
  };
  const note = (before: string, after: { readonly sha256: string; readonly sizeBytes: number }): void => {
    digests.set(before, after);
    sizes.set(after.sha256, after.sizeBytes);
  };
  const leftOut: { path: string; reason: string }[] = [];
  const written: { readonly path: string; readonly at: string; readonly capture: RewrittenCapture }[] = [];
  const rewriter = new PacketRewriter(job.mapping, {
    openers: job.openers,
    keepsPayload: job.keepsPayload,
    tags: job.tags.map((tag) => Buffer.from(tag, "hex")),
    secret: job.mapping.secret,
  });
  const names = new TextMapper(job.mapping, kept);
  for (const [index, { path, content }] of job.files.entries()) {
    if (content.kind === "other") leftOut.push({ path, reason: content.reason });
    if (content.kind !== "capture") continue;
    const [source, target] = [join(job.dir, path), join(job.work, `.capture-${index}`)];
    try {
      const rename = (device: string): string => names.mapPath(device);
      const capture = await rewriteCapture({ source, target, label: path, rename }, rewriter);
      note((await hashFile(source)).sha256, await hashFile(target));
      written.push({ path, at: target, capture });
    } catch (error) {
      leftOut.push({ path, reason: names.map(messageOf(error)) });
    }
  }
  const mapper = new TextMapper(job.mapping, kept);
  const renamed = new Map<string, string>();
  for (const { path, at } of written)
    await move(at, await place(job, renamed, { path, mapped: mapper.mapPath(path) }));
  let texts = 0;
  // Blobs are called by their digests, which the recording's index has.
  for (const { path, content } of [...job.files].sort((a, b) => rankOf(a) - rankOf(b))) {
    if (content.kind !== "text" || MADE_ANEW.includes(path)) continue;
    texts++;
    const bytes = Buffer.from(withSizes(mapper.map(content.text), sizes), "utf8");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    note(createHash("sha256").update(content.text).digest("hex"), { sha256, sizeBytes: bytes.length });
    const mapped = BLOB.test(path) ? join(dirname(path), sha256) : mapper.mapPath(path);
    await writeFile(await place(job, renamed, { path, mapped }), bytes, { mode: 0o600 });
  }
  const damaged = written.flatMap(({ path, capture }) =>
    capture.damage === null ? [] : [{ path: mapper.mapPath(path), reason: mapper.map(capture.damage) }],
  );
  return {
    ...{ mapper, texts, damaged, renamed },
    captures: written.map(({ capture }) => capture),
    leftOut: leftOut.map(({ path, reason }) => ({ path: mapper.mapPath(path), reason })),
  };
}

/** What is referred to by its digest comes first. */
function rankOf({ path }: SourceFile): number {
  if (BLOB.test(path)) return 0;
  return /\.(?:jsonl?|md|html)$/.test(path) ? 2 : 1;
}

/** Where a file goes; its folder is made. */
async function place(
  { work }: RewriteJob,
  renamed: Map<string, string>,
  { path, mapped }: { readonly path: string; readonly mapped: string },
): Promise<string> {
  renamed.set(path, mapped);
  const target = join(work, mapped);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  return target;
}

/** What is referred to by its new digest has another size too. */
function withSizes(text: string, sizes: ReadonlyMap<string, number>): string {
  return REFERENCES.reduce(
    (rest, pattern) =>
      rest.replaceAll(pattern, (whole: string, before: string, sha256: string) => {
        const size = sizes.get(sha256);
        return size === undefined ? whole : `${before}${size}`;
      }),
    text,
  );
}
