import type { Test } from "tap";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downLab, upLab, type LabState } from "../../lib/lab/index.js";
import type { LabTopology } from "../../lib/lab/topologies.js";
import type { Findings } from "../../lib/model/findings.js";
import { mostMs } from "../fixtures/patience.js";
import { buildCli, runCli, type BuiltCli, type CliRun } from "./cli.js";
import { takeSnapshot, waitUntilClean, type Snapshot } from "./hygiene.js";

export const ENDS = ["--from", "shop/client", "--to", "shop/web:8080"];

export interface Outcome extends CliRun {
  /** Where run folders were made. */
  readonly outDir: string;
}

/** A lab of its own, the built command, and a folder to work in, for tests of what can go wrong. */
export class Bench {
  readonly name: string;
  readonly lab: LabState;
  readonly cli: BuiltCli;
  readonly work: string;
  #before: Snapshot;
  #cases = 0;

  private constructor(name: string, lab: LabState) {
    this.name = name;
    this.lab = lab;
    this.cli = buildCli();
    this.work = mkdtempSync(join(tmpdir(), "hopbook-bad-"));
    this.#before = takeSnapshot(lab);
  }

  static async open(prefix: string, topology: LabTopology = "calico-vxlan"): Promise<Bench> {
    const name = `${prefix}-${process.pid}`;
    return new Bench(name, await upLab({ name, topology }));
  }

  async close(): Promise<void> {
    await downLab({ name: this.name });
    this.cli.remove();
    rmSync(this.work, { recursive: true, force: true });
  }

  /** A folder of its own for one case. */
  makeFolder(): string {
    const cwd = join(this.work, `c${(this.#cases += 1)}`);
    mkdirSync(cwd);
    return cwd;
  }

  async hopbook(...args: string[]): Promise<Outcome> {
    const cwd = this.makeFolder();
    return { ...(await runCli(this.cli, args, { cwd })), outDir: join(cwd, "artifacts") };
  }

  run(...args: string[]): Promise<Outcome> {
    const cluster = args.includes("--cluster") ? [] : ["--cluster", this.lab.files.profile];
    return this.hopbook("run", "trace-path", ...cluster, "--yes", ...args);
  }

  /** What is there now belongs to the lab. */
  acceptPresent(): void {
    this.#before = takeSnapshot(this.lab);
  }

  async expectClean(t: Test, outDir?: string): Promise<void> {
    const { left } = await waitUntilClean(this.#before, this.lab, {
      withinMs: mostMs(10_000),
      ...(outDir === undefined ? {} : { outDir }),
    });
    t.strictSame(left, [], "nothing is left on the nodes");
  }
}

/** Every error: one word for the code, words for a person, no stack, and one exit code. */
export function expectError(t: Test, ended: CliRun, wanted: { exit: number; says: readonly RegExp[] }): void {
  t.equal(ended.exitCode, wanted.exit, `exit code; ${ended.stderr}`);
  t.match(ended.stderr, /error\[[A-Z_]+\]: \S/);
  t.notMatch(ended.stderr, /INTERNAL|^\s+at .*\.js:\d+/m, "no defect and no stack");
  for (const words of wanted.says) t.match(ended.stderr, words);
}

export function folderOf(outDir: string): string {
  const [run = ""] = existsSync(outDir) ? readdirSync(outDir) : [];
  return join(outDir, run);
}

/** What is kept of every run that had begun; its findings where there are any. */
export function expectEvidence(t: Test, outDir: string): Findings | null {
  const dir = folderOf(outDir);
  for (const file of ["manifest.json", "transcript.jsonl", "runbook.yaml", "inputs.json"]) {
    t.ok(existsSync(join(dir, file)), `${file} is kept`);
  }
  const findings = join(dir, "findings.json");
  return existsSync(findings) ? (JSON.parse(readFileSync(findings, "utf8")) as Findings) : null;
}
