import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { analyzeRunFolder } from "../../lib/verdict/analyze.js";
import { renderReport, REPORT_FORMATS } from "../../lib/verdict/report.js";
import { analyzePcaps } from "../../lib/analysis/index.js";
import { readFindings } from "../../lib/artifacts/index.js";
import { HopbookError } from "../../lib/errors.js";
import type { FlowEvidence } from "../../lib/model/evidence.js";

const EXAMPLE = fileURLToPath(new URL("../../docs/example-runs/policy-drop", import.meta.url));
const TERMINAL = { color: false, unicode: true, width: 100 };

function makePipe(path: string): void {
  rmSync(path, { force: true, recursive: true });
  spawnSync("mkfifo", [path]);
}

function readFlows(dir: string): { flows: FlowEvidence[] } {
  return JSON.parse(readFileSync(join(dir, "evidence/flows.json"), "utf8")) as { flows: FlowEvidence[] };
}

/** What opens a pipe that nobody writes to waits for ever, so each of these hangs where it is not refused. */
t.test("pipes in the place of files", async (t) => {
  const copy = (name: string): string => {
    const dir = join(t.testdir(), name);
    mkdirSync(dir, { recursive: true });
    cpSync(EXAMPLE, dir, { recursive: true });
    return dir;
  };
  for (const file of ["runbook.yaml", "evidence/run.json", "evidence/flows.json"]) {
    const dir = copy("required");
    makePipe(join(dir, file));
    await t.rejects(analyzeRunFolder(dir), { name: "HopbookError", code: "EVIDENCE_INVALID" }, file);
  }
  const dir = copy("optional");
  const [flow] = readFlows(dir).flows;
  const pcap = flow?.hops[0]?.pcap ?? "";
  makePipe(join(dir, pcap));
  makePipe(join(dir, "evidence/state.json"));
  makePipe(join(dir, "findings.json"));
  const findings = await analyzeRunFolder(dir);
  t.notOk(findings.run.complete);
  t.ok(
    findings.run.incomplete.some((reason) => reason.includes(pcap) && reason.includes("not a regular file")),
  );
  await t.rejects(readFindings(dir), { code: "EVIDENCE_INVALID" });
  t.match(await renderReport(dir, { format: "text", terminal: TERMINAL }), /hopbook trace-path/);
  await t.rejects(analyzePcaps([join(dir, pcap)]), { code: "FILE_UNREADABLE" });
  await t.rejects(analyzePcaps(["/dev/zero"]), { code: "FILE_UNREADABLE" });
});

t.test("links that lead out of the folder are not followed", async (t) => {
  const root = t.testdir({ run: {}, outside: {} });
  const dir = join(root, "run");
  cpSync(EXAMPLE, dir, { recursive: true });
  const [flow] = readFlows(dir).flows;
  const pcap = flow?.hops[0]?.pcap ?? "";
  cpSync(join(dir, pcap), join(root, "outside/secret.pcap"));
  rmSync(join(dir, pcap));
  symlinkSync(join(root, "outside/secret.pcap"), join(dir, pcap));
  const findings = await analyzeRunFolder(dir);
  t.ok(findings.run.incomplete.some((reason) => reason.includes(pcap) && reason.includes("symbolic link")));
  rmSync(join(dir, "evidence"), { recursive: true });
  cpSync(join(EXAMPLE, "evidence"), join(root, "outside/evidence"), { recursive: true });
  symlinkSync(join(root, "outside/evidence"), join(dir, "evidence"));
  await t.rejects(analyzeRunFolder(dir), { code: "EVIDENCE_INVALID" }, "the folder itself is a link");
});

t.test("a time that is none", async (t) => {
  const dir = join(t.testdir({ run: {} }), "run");
  cpSync(EXAMPLE, dir, { recursive: true });
  const findings = await readFindings(dir);
  const started = { ...findings, run: { ...findings.run, startedAt: "toString" } };
  writeFileSync(join(dir, "findings.json"), JSON.stringify(started));
  for (const format of REPORT_FORMATS)
    t.type(await renderReport(dir, { format, terminal: TERMINAL }), "string", format);
});

t.test("evidence of wrong types: findings or an error of ours, never a defect", async (t) => {
  const dir = join(t.testdir({ run: {} }), "run");
  cpSync(EXAMPLE, dir, { recursive: true });
  const evil = [null, true, -1, 1e308, "", "\u001b[31m", "__proto__", "../../etc/passwd", [], {}, [null]];
  let seed = 42;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const slotsOf = (value: unknown): [Record<string, unknown>, string][] =>
    typeof value !== "object" || value === null
      ? []
      : Object.keys(value).flatMap((key) => {
          const holder = value as Record<string, unknown>;
          return [[holder, key] as [Record<string, unknown>, string], ...slotsOf(holder[key])];
        });
  const files = ["flows", "captures", "run", "traffic", "state", "drops"].map(
    (name) => `evidence/${name}.json`,
  );
  for (let round = 0; round < 200; round++) {
    const file = files[random(files.length)] ?? "";
    const original = readFileSync(join(EXAMPLE, file), "utf8");
    const data = JSON.parse(original) as unknown;
    const slots = slotsOf(data);
    const [holder, key] = slots[random(slots.length)] ?? [{}, ""];
    holder[key] = evil[random(evil.length)];
    writeFileSync(join(dir, file), JSON.stringify(data));
    try {
      rmSync(join(dir, "findings.json"), { force: true });
      const text = await renderReport(dir, { format: "text", terminal: TERMINAL });
      if (round % 4 === 0) await renderReport(dir, { format: "html", terminal: TERMINAL });
      if (text.includes("\u001b")) t.fail(`an escape sequence came through: ${file} ${key}`);
    } catch (error) {
      if (!(error instanceof HopbookError)) t.fail(`${file} ${key}: ${String(error)}`);
    }
    writeFileSync(join(dir, file), original);
  }
  t.pass("all rounds ended in order");
});
