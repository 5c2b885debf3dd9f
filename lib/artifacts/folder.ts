import { lstatSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HopbookError } from "../errors.js";
import { unwritable } from "../files/failure.js";
import type { LocalFile } from "../model/local-file.js";
import { makeFolder } from "./make-folder.js";
import { hashFile, listFolder, makeTemporaryName, MANIFEST_FILE } from "./manifest.js";
import type { Manifest, ManifestFile } from "./manifest.js";
import { resolveInside } from "./names.js";
import { createRedactor } from "./redact.js";
import type { Redactor } from "./redact.js";
import { createTranscriptWriter } from "./transcript.js";
import type { TranscriptEntry, TranscriptWriter } from "./transcript.js";

const TRANSCRIPT_FILE = "transcript.jsonl";

/** Where a file's bytes came from. */
interface FileSource {
  readonly node?: string;
  readonly argv?: readonly string[];
  readonly exitCode?: number | null;
}

interface FileMeta extends FileSource {
  /** The command's output was cut at its limit. */
  readonly truncated?: boolean;
  /** Of the bytes as they came from the node, lower-case hex. */
  readonly sha256?: string;
  readonly sizeBytes?: number;
}

/** A run's folder. Every path is relative to it, with `/`; every file is 0600, every folder 0700. */
export interface RunFolder {
  /** Absolute. */
  readonly dir: string;
  readonly id: string;
  /** Whole or not at all: written beside and renamed. */
  writeJson(path: string, value: unknown): Promise<void>;
  /** Adds records to the list `key` of a JSON file, after those that are there; what is added side by side is all kept. */
  appendJson(path: string, added: Appended): Promise<void>;
  /** Takes a folder of the run for one writer; what it gives lets go of it. null: it is taken. */
  claim(folder: string): (() => void) | null;
  writeText(path: string, text: string | Buffer, source?: FileSource): Promise<void>;
  /** On disk when it returns, in the order of the calls; never throws. */
  appendTranscript(entry: TranscriptEntry): void;
  /**
   * The absolute path for a file that another writes (a capture that is pulled); its folder is made.
   * Refuses `..`, absolute paths and symbolic links with ARTIFACTS_UNWRITABLE.
   */
  path(rel: string): LocalFile;
  /** Says where a file came from, for the manifest. A later call adds to an earlier one. */
  registerFile(rel: string, meta: FileMeta): void;
  /** The node's clock minus the client's, for the manifest. */
  registerClock(node: string, offsetMs: number): void;
  /** Values that must not be written: replaced in JSON, text and the transcript from now on. */
  redact(values: readonly string[]): void;
  /** What would be written of a text, or of bytes. */
  redactText(text: string): string;
  redactBytes(bytes: Buffer): Buffer;
  /** Writes manifest.json. May be called again after more was written. */
  finish(): Promise<void>;
}

interface Appended {
  readonly key: string;
  readonly records: readonly unknown[];
}

interface RunFolderConfig {
  readonly dir: string;
  readonly id: string;
  readonly runbook: string;
  readonly target: string;
  readonly createdAt: Date;
}

/** The writer for a folder that exists. `createRunFolder` makes one. */
export function openRunFolder(config: RunFolderConfig): RunFolder {
  const redactor = createRedactor();
  const identity = identityOf(config.dir);
  // Who may write the folder above can put a link in its place.
  const assertItself = (): void => {
    if (identityOf(config.dir) !== identity)
      throw failWrite(config.dir, "another folder or a link has its name now");
  };
  const file = join(config.dir, TRANSCRIPT_FILE);
  return new RunFolderOnDisk(config, {
    ...{ redactor, assertItself },
    transcript: createTranscriptWriter(file, redactor, assertItself),
  });
}

class RunFolderOnDisk implements RunFolder {
  readonly dir: string;
  readonly id: string;
  readonly #config: RunFolderConfig;
  /** Throws where something else has the folder's name. */
  readonly #assertItself: () => void;
  readonly #redactor: Redactor;
  readonly #transcript: TranscriptWriter;
  readonly #metas = new Map<string, FileMeta>();
  readonly #clockOffsetsMs = new Map<string, number>();
  readonly #claimed = new Set<string>();
  #temporaryCount = 0;
  /** The last of them: the next one begins when it is written. */
  #appending: Promise<void> = Promise.resolve();

  constructor(
    config: RunFolderConfig,
    parts: { redactor: Redactor; transcript: TranscriptWriter; assertItself: () => void },
  ) {
    this.dir = config.dir;
    this.id = config.id;
    this.#config = config;
    this.#assertItself = parts.assertItself;
    this.#redactor = parts.redactor;
    this.#transcript = parts.transcript;
  }

  async writeJson(path: string, value: unknown): Promise<void> {
    const text = `${JSON.stringify(this.#redactor.redactJson(value), null, 2)}\n`;
    await this.#writeWhole(this.#pathOfOurs(path), Buffer.from(text, "utf8"));
  }

  appendJson(path: string, { key, records }: Appended): Promise<void> {
    const written = this.#appending.then(async () => {
      const known = await readRecords(this.#pathOfOurs(path), key);
      await this.writeJson(path, { [key]: [...known, ...records] });
    });
    this.#appending = written.catch(() => undefined);
    return written;
  }

  claim(folder: string): (() => void) | null {
    if (this.#claimed.has(folder)) return null;
    this.#claimed.add(folder);
    return () => void this.#claimed.delete(folder);
  }

  async writeText(path: string, text: string | Buffer, source?: FileSource): Promise<void> {
    const target = this.#pathOfOurs(path);
    const bytes = typeof text === "string" ? Buffer.from(text, "utf8") : text;
    await this.#writeWhole(target, this.#redactor.redactBytes(bytes));
    if (source !== undefined) this.registerFile(path, source);
  }

  appendTranscript(entry: TranscriptEntry): void {
    this.#transcript.append(entry);
  }

  path(rel: string): LocalFile {
    this.#assertItself();
    const inside = resolveInside(this.dir, rel);
    if (!inside.ok) throw failWrite(rel, inside.reason);
    try {
      makeFolder(dirname(inside.path));
    } catch (error) {
      throw failWrite(inside.path, error);
    }
    return inside.path;
  }

  registerFile(rel: string, meta: FileMeta): void {
    this.#metas.set(rel, { ...this.#metas.get(rel), ...meta });
  }

  registerClock(node: string, offsetMs: number): void {
    this.#clockOffsetsMs.set(node, offsetMs);
  }

  redact(values: readonly string[]): void {
    this.#redactor.add(values);
  }

  redactText(text: string): string {
    return this.#redactor.redactText(text);
  }

  redactBytes(bytes: Buffer): Buffer {
    return this.#redactor.redactBytes(bytes);
  }

  async finish(): Promise<void> {
    this.#assertItself();
    const unwritten = this.#transcript.flush();
    const { files, notFiles } = await listFolder(this.dir);
    const entries: ManifestFile[] = [];
    for (const path of files) entries.push(await this.#describeFile(path));
    const manifest: Manifest = {
      apiVersion: "hopbook.dev/v1",
      kind: "Manifest",
      run: {
        id: this.id,
        runbook: this.#config.runbook,
        target: this.#redactor.redactText(this.#config.target),
        createdAt: this.#config.createdAt.toISOString(),
        finishedAt: new Date().toISOString(),
      },
      files: entries,
      notFiles,
    };
    // Not through writeJson: a secret of hex digits would spoil the digests.
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    await this.#writeWhole(join(this.dir, MANIFEST_FILE), Buffer.from(text, "utf8"));
    if (unwritten !== undefined) throw failWrite(join(this.dir, TRANSCRIPT_FILE), unwritten);
  }

  async #describeFile(path: string): Promise<ManifestFile> {
    const meta = this.#metas.get(path) ?? {};
    const { sizeBytes, sha256 } = await hashFile(join(this.dir, path));
    return {
      path,
      sizeBytes,
      sha256,
      sourceSha256: meta.sha256 ?? null,
      node: meta.node ?? null,
      argv: meta.argv?.map((arg) => this.#redactor.redactText(arg)) ?? null,
      exitCode: meta.exitCode ?? null,
      truncated: meta.truncated ?? (meta.sizeBytes !== undefined && meta.sizeBytes !== sizeBytes),
      clockOffsetMs: meta.node === undefined ? null : (this.#clockOffsetsMs.get(meta.node) ?? null),
    };
  }

  /** The two files that only this class writes are not for others to overwrite. */
  #pathOfOurs(rel: string): string {
    if (rel === MANIFEST_FILE || rel === TRANSCRIPT_FILE) throw failWrite(rel, "the name is reserved");
    return this.path(rel);
  }

  async #writeWhole(target: string, bytes: Buffer): Promise<void> {
    this.#temporaryCount += 1;
    const temporary = join(dirname(target), makeTemporaryName(`${process.pid}-${this.#temporaryCount}`));
    try {
      const file = await open(temporary, "wx", 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw failWrite(target, error);
    }
  }
}

/** Of a folder and no link; "none": it is none. */
function identityOf(dir: string): string {
  const info = lstatSync(dir, { throwIfNoEntry: false });
  return info?.isDirectory() === true ? `${info.dev}:${info.ino}` : "none";
}

async function readRecords(file: string, key: string): Promise<readonly unknown[]> {
  try {
    const value = (JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>)[key];
    return Array.isArray(value) ? (value as unknown[]) : [];
  } catch {
    return []; // it is the first one
  }
}

/** ARTIFACTS_UNWRITABLE for a path; `reason` is what the system or our own check said. */
export function failWrite(path: string, reason: unknown): HopbookError {
  return unwritable(path, reason, { elsewhere: "a folder that you can write with --out" });
}
