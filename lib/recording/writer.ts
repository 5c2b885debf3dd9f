import { createHash } from "node:crypto";
import { closeSync, constants, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "../errors.js";
import type { BlobRef, RecordingEntry, RecordingHeader } from "./format.js";
import { INDEX_FILE, RECORDING_DIR } from "./format.js";

/** What the recorder needs of the run's folder. */
export interface RecordingFolder {
  readonly dir: string;
  /** The absolute path for a file; its folder is made. */
  path(rel: string): string;
  redactBytes(bytes: Buffer): Buffer;
  redactText(text: string): string;
}

export interface WriterLimits {
  /** A single output that is longer is left out. */
  readonly maxBlobBytes: number;
  /** What is left out once the whole recording has this size. */
  readonly maxTotalBytes: number;
}

const DEFAULT_LIMITS: WriterLimits = {
  maxBlobBytes: 32 * 1024 * 1024,
  maxTotalBytes: 512 * 1024 * 1024,
};

/** Longer output goes into a file of its own. */
const INLINE_BYTES = 1024;
const CREATE = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/**
 * Writes the recording as the run goes on. It never throws: a disk that is full ends the recording, not the run, and
 * `incomplete` says so.
 */
export class RecordingWriter {
  readonly #folder: RecordingFolder;
  readonly #limits: WriterLimits;
  readonly #known = new Set<string>();
  #totalBytes = 0;
  #incomplete: string | null = null;
  #temporaryCount = 0;

  constructor(folder: RecordingFolder, limits: WriterLimits = DEFAULT_LIMITS) {
    this.#folder = folder;
    this.#limits = limits;
  }

  get incomplete(): string | null {
    return this.#incomplete;
  }

  append(entry: RecordingEntry | RecordingHeader): void {
    this.#guard(() => {
      const line = `${JSON.stringify(redactStrings(entry, (text) => this.#folder.redactText(text)))}\n`;
      this.#totalBytes += line.length;
      const fd = openSync(this.#folder.path(INDEX_FILE), CREATE, 0o600);
      try {
        writeSync(fd, line);
      } finally {
        closeSync(fd);
      }
    });
  }

  /** Keeps bytes, redacted, once. */
  keep(bytes: Buffer): BlobRef {
    if (bytes.length > this.#limits.maxBlobBytes) return this.#cut(bytes.length);
    const kept = this.#folder.redactBytes(bytes);
    const text = kept.length <= INLINE_BYTES ? kept.toString("utf8") : null;
    if (text !== null && Buffer.from(text, "utf8").equals(kept)) return { text };
    const sha256 = createHash("sha256").update(kept).digest("hex");
    const ref = { sha256, bytes: kept.length };
    if (this.#known.has(sha256)) return ref;
    if (this.#totalBytes + kept.length > this.#limits.maxTotalBytes) return this.#cut(bytes.length);
    const written = this.#guard(() => {
      const target = this.#folder.path(`${RECORDING_DIR}/blobs/${sha256}`);
      const temporary = this.#temporaryFor(target);
      writeFileSync(temporary, kept, { mode: 0o600, flag: "wx" });
      renameSync(temporary, target);
    });
    if (!written) return { cut: bytes.length };
    this.#totalBytes += kept.length;
    this.#known.add(sha256);
    return ref;
  }

  /** Lines that are not known at once, in flat memory. */
  openLines(): LineFile {
    this.#temporaryCount += 1;
    let file: string | null = null;
    this.#guard(() => {
      file = this.#temporaryFor(this.#folder.path(`${RECORDING_DIR}/blobs/lines`));
    });
    return new LineFile({
      file,
      maxBytes: this.#limits.maxBlobBytes,
      redact: (value) => redactStrings(value, (text) => this.#folder.redactText(text)),
      onError: (error) => this.#fail(error),
      onDone: (path, { sha256, bytes }) => {
        const target = join(dirname(path), sha256);
        this.#totalBytes += bytes;
        this.#known.add(sha256);
        return this.#guard(() => renameSync(path, target));
      },
    });
  }

  #temporaryFor(target: string): string {
    this.#temporaryCount += 1;
    return join(dirname(target), `.hopbook-tmp-recording-${process.pid}-${this.#temporaryCount}`);
  }

  #cut(bytes: number): BlobRef {
    this.#incomplete ??= `output of ${bytes} bytes was left out, more than a recording keeps`;
    return { cut: bytes };
  }

  #guard(body: () => void): boolean {
    try {
      body();
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #fail(error: unknown): void {
    this.#incomplete ??= `it could not be written: ${messageOf(error)}`;
  }
}

/** What the format itself says: a secret of the same letters must not spoil it. */
const OWN_WORDS = new Set(["type", "what", "via", "sha256", "code", "name", "startedAt"]);

/** A copy with every string redacted that came from outside. */
function redactStrings(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item: unknown) => redactStrings(item, redact));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      OWN_WORDS.has(key) ? item : redactStrings(item, redact),
    ]),
  );
}

interface LineFileConfig {
  /** null: it cannot be written. */
  readonly file: string | null;
  readonly maxBytes: number;
  readonly redact: (value: unknown) => unknown;
  readonly onError: (error: unknown) => void;
  readonly onDone: (file: string, ref: { sha256: string; bytes: number }) => boolean;
}

/** Lines of one stream, appended as they come; a blob once it is closed. */
class LineFile {
  readonly #config: LineFileConfig;
  readonly #hash = createHash("sha256");
  #fd: number | null = null;
  #bytes = 0;
  #isCut = false;

  constructor(config: LineFileConfig) {
    this.#config = config;
    this.#isCut = config.file === null;
  }

  append(value: unknown): void {
    const line = Buffer.from(`${JSON.stringify(this.#config.redact(value))}\n`, "utf8");
    this.#bytes += line.length;
    if (this.#bytes > this.#config.maxBytes) this.#isCut = true;
    if (this.#isCut || this.#config.file === null) return;
    try {
      this.#fd ??= openSync(this.#config.file, CREATE | constants.O_EXCL, 0o600);
      writeSync(this.#fd, line);
      this.#hash.update(line);
    } catch (error) {
      this.#isCut = true;
      this.#config.onError(error);
    }
  }

  close(): BlobRef {
    const { file, onDone, onError } = this.#config;
    if (this.#fd !== null) closeSync(this.#fd);
    if (this.#bytes === 0) return { text: "" };
    if (this.#isCut || file === null || this.#fd === null) {
      if (file !== null) rmSync(file, { force: true });
      onError(new Error(`a stream of ${this.#bytes} bytes is more than a recording keeps`));
      return { cut: this.#bytes };
    }
    const ref = { sha256: this.#hash.digest("hex"), bytes: this.#bytes };
    return onDone(file, ref) ? ref : { cut: this.#bytes };
  }
}
