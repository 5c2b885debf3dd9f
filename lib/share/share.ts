import { existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { loadRunRecord } from "../analysis/index.js";
import { listFolder, openRunFolder, readFindings, readManifest, type Manifest } from "../artifacts/index.js";
import { messageOf } from "../errors.js";
import { unwritable } from "../files/failure.js";
import type { Findings } from "../model/findings.js";
import { analyzeRunFolder } from "../verdict/analyze.js";
import { compareVerdicts } from "../verdict/compare.js";
import { writeReports } from "../verdict/report.js";
import { writeArchive } from "./archive.js";
import { readContent } from "./files.js";
import { keyOf, makeSecret, mappingOf, readKey, writeKey } from "./key.js";
import { Mapping } from "./mapping/mapping.js";
import type { NameKind, NamePair } from "./mapping/names.js";
import { numbersIn, openersIn, tagsIn } from "./openers.js";
import { renderShareReport, type ShareReport } from "./report.js";
import { rewriteFolder, type RewrittenFolder, type SourceFile } from "./rewrite-folder.js";
import { collectNames, collectObjects } from "./text/collect.js";
import { isTold, TextMapper } from "./text/text-mapper.js";

const REPORT_FILE = "SHARE.md";
/** Keys are cheap: one under which no address becomes another one of the run tells more in `--verify`. */
const MOST_KEYS = 32;
const TRANSLATED: readonly string[] = ["flows", "captures", "traffic"].map((name) => `evidence/${name}.json`);
/** Each step that found paths has a file of its own; runs of before 0.2 have one for all. */
const PATHS = /^evidence\/paths(?:\/[^/]+)?\.json$/;

interface ShareOptions {
  /** A run folder. */
  readonly dir: string;
  /** FILE.tar.gz; null: called by the run, in the working folder. */
  readonly out: string | null;
  /** Is used again and added to where it is there; null: beside the archive. */
  readonly key: string | null;
  readonly keepsPayload: boolean;
  readonly cwd: string;
}

export interface Shared {
  readonly archive: string;
  readonly key: string;
  readonly report: ShareReport;
}

/**
 * Makes one archive of a run folder, in which every address and name is a pseudonym, and the key outside of it. Throws
 * EVIDENCE_INVALID where it is no run folder, ARTIFACTS_UNWRITABLE where a file is there already or cannot be written.
 */
export async function shareRun({ dir, out, key: keyFile, keepsPayload, cwd }: ShareOptions): Promise<Shared> {
  const manifest = await readManifest(dir);
  const { files, notFiles } = await listFolder(dir);
  const sources: SourceFile[] = [];
  for (const path of files) sources.push({ path, content: await readContent(join(dir, path)) });
  const givenKey = keyFile === null ? null : resolve(cwd, keyFile);
  const known = givenKey !== null && existsSync(givenKey) ? await readKey(givenKey) : null;
  const mapping =
    known === null ? chooseMapping(sources, manifest) : collect(mappingOf(known), sources, manifest);
  const names = new TextMapper(mapping, { digest: () => undefined });
  const prefix = names.mapPath(basename(resolve(dir)));
  const archive = resolve(cwd, out ?? `${prefix}.tar.gz`);
  const key = givenKey ?? archive.replace(/(?:\.tar\.gz|\.tgz)?$/, ".key.json");
  refuseExisting(archive);
  if (known === null) refuseExisting(key);
  const work = await makeWorkFolder(archive);
  try {
    const evidence = sources.flatMap(parseEvidence);
    const rewritten = await rewriteFolder({
      ...{ dir, work, files: sources, mapping, keepsPayload },
      openers: openersIn(evidence),
      tags: tagsIn(evidence),
      numbers: numbersIn(manifest.run.id, evidence),
    });
    const findings = await findingsOf(dir);
    const report = await describe(work, { rewritten, findings, mapping, keepsPayload, notFiles });
    await finish(work, { manifest, rewritten, report, findings });
    const listed = await listFolder(work);
    await writeKey(key, keyOf(mapping), { replaces: known !== null });
    await writeArchive(archive, { dir: work, paths: [...listed.files, "manifest.json"].sort(), prefix });
    return { archive, key, report };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function chooseMapping(sources: readonly SourceFile[], manifest: Manifest): Mapping {
  let names: readonly NamePair[] = [];
  for (let count = 1; ; count++) {
    const mapping = collect(new Mapping(makeSecret(), names), sources, manifest);
    if (count === MOST_KEYS || !mapping.addresses.isAmbiguous()) return mapping;
    names = mapping.names.pairs();
  }
}

function collect(mapping: Mapping, sources: readonly SourceFile[], manifest: Manifest): Mapping {
  // Digests of files are theirs alone: they become those of what is made of them.
  const digests = new Set(manifest.files.flatMap(({ sha256, sourceSha256 }) => [sha256, sourceSha256]));
  const numbers = numbersIn(manifest.run.id, sources.flatMap(parseEvidence));
  const kept = { digest: (text: string) => (digests.has(text) || numbers.includes(text) ? text : undefined) };
  collectNames(JSON.stringify(manifest), mapping, kept);
  for (const { content } of sources) if (content.kind === "text") collectNames(content.text, mapping, kept);
  for (const { content } of sources) if (content.kind === "text") collectObjects(content.text, mapping);
  mapping.fixInterfaces();
  return mapping;
}

function parseEvidence({ path, content }: SourceFile): readonly unknown[] {
  if (content.kind !== "text" || (!TRANSLATED.includes(path) && !PATHS.test(path))) return [];
  try {
    return [JSON.parse(content.text) as unknown];
  } catch {
    return [];
  }
}

async function findingsOf(dir: string): Promise<Findings> {
  return readFindings(dir).catch(() => analyzeRunFolder(dir));
}

interface Outcome {
  readonly rewritten: RewrittenFolder;
  readonly findings: Findings;
  readonly mapping: Mapping;
  readonly keepsPayload: boolean;
  readonly notFiles: readonly string[];
}

async function describe(work: string, outcome: Outcome): Promise<ShareReport> {
  const { rewritten, mapping, keepsPayload, findings, notFiles } = outcome;
  const { captures, mapper, texts, leftOut, damaged } = rewritten;
  const { addresses, macs, digits } = mapping;
  const names: Partial<Record<NameKind, number>> = {};
  for (const { kind } of mapping.names.pairs()) names[kind] = (names[kind] ?? 0) + 1;
  const sum = (pick: (capture: RewrittenFolder["captures"][number]) => number): number =>
    captures.reduce((total, capture) => total + pick(capture), 0);
  return {
    counts: {
      addresses: addresses.changed4().length + addresses.changed6().length,
      macs: macs.changed().length,
      identifiers: digits.changed().size,
      names,
      secrets: mapper.secrets,
      captures: captures.length,
      packets: sum(({ packets }) => packets),
      payloadBytes: sum(({ hiddenBytes }) => hiddenBytes),
      texts,
    },
    payloadKept: keepsPayload,
    leftOut: [
      ...leftOut,
      ...notFiles.map((path) => ({ path: mapper.mapPath(path), reason: "it is no regular file" })),
    ],
    damaged,
    commonWords: mapping.names.pairs().filter(({ original }) => !isTold(original)).length,
    verdict: await judgeAgain(work, mapFindings(findings, mapper)),
  };
}

async function judgeAgain(work: string, findings: Findings): Promise<ShareReport["verdict"]> {
  try {
    return { differences: compareVerdicts(findings, await analyzeRunFolder(work)) };
  } catch (error) {
    return { unknown: messageOf(error).replaceAll(work, "the archive") };
  }
}

function mapFindings(findings: Findings, mapper: TextMapper): Findings {
  return JSON.parse(mapper.map(JSON.stringify(findings))) as Findings;
}

/** The report, and the manifest, which has the digests of what is there now. */
async function finish(
  work: string,
  parts: {
    readonly manifest: Manifest;
    readonly rewritten: RewrittenFolder;
    readonly report: ShareReport;
    readonly findings: Findings;
  },
): Promise<void> {
  const { rewritten, report, findings } = parts;
  const { mapper, renamed } = rewritten;
  const manifest = JSON.parse(mapper.map(JSON.stringify(parts.manifest))) as Manifest;
  const { id, runbook, target, createdAt } = manifest.run;
  const folder = openRunFolder({ dir: work, id, runbook, target, createdAt: new Date(createdAt) });
  await folder.writeText(REPORT_FILE, renderShareReport(report));
  await writeReports(folder, mapFindings(findings, mapper), loadRunRecord(work));
  for (const [index, { node, argv, exitCode, clockOffsetMs }] of manifest.files.entries()) {
    const path = renamed.get(parts.manifest.files[index]?.path ?? "");
    if (path === undefined) continue;
    folder.registerFile(path, {
      exitCode,
      ...(node === null ? {} : { node }),
      ...(argv === null ? {} : { argv }),
    });
    if (node !== null && clockOffsetMs !== null) folder.registerClock(node, clockOffsetMs);
  }
  await folder.finish();
}

function refuseExisting(file: string): void {
  const elsewhere = "another one with --out and --key, or take it away";
  if (existsSync(file)) throw unwritable(file, "it is there already", { elsewhere });
}

async function makeWorkFolder(archive: string): Promise<string> {
  const folder = dirname(archive);
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error("it is no folder");
    return await mkdtemp(join(folder, ".hopbook-share-"));
  } catch (error) {
    throw unwritable(folder, error, {
      what: "in",
      elsewhere: "a file in a folder that you can write with --out",
    });
  }
}
