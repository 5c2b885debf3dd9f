import t, { type Test } from "tap";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { downLab, execInNode, setFault, upLab, type LabState } from "../../lib/lab/index.js";
import type { Findings } from "../../lib/model/findings.js";
import { buildCli, startCli, type CliRun, type RunningCli } from "./cli.js";
import { findOwnProcesses, findProcesses, listLeft, takeSnapshot, waitUntilClean } from "./hygiene.js";
import { must, slowDown, type Slow } from "./slow.js";

/**
 * A run that is interrupted or killed, at each of its stages: nothing stays on a node, and what was captured stays
 * here, as partial evidence.
 */

/** What a node may go on with when the client was killed. */
const LEASE_MS = 30_000;
/** For what is ended in good order, on a busy machine: far less than what a lease takes. */
const SOON_MS = 10_000;

interface Stage {
  readonly name: string;
  /** By ssh; else by entering the namespaces. */
  readonly ssh?: true;
  /** A program of the nodes that takes so many seconds longer. */
  readonly slow?: Slow;
  readonly fault?: string;
  readonly args?: readonly string[];
  /** The stage has begun when stderr has `line` and the nodes have a process with `process`. */
  readonly line?: string;
  readonly process?: string;
  readonly waitMs?: number;
  /** Whether captures had begun, so that findings say they are not complete. */
  readonly captured: boolean;
}

const LONG_TRAFFIC = ["--count", "40", "--interval", "500ms"];
const STAGES: readonly Stage[] = [
  { name: "connecting", ssh: true, captured: false },
  { name: "discovery", slow: { tool: "crictl", seconds: 3 }, process: "crictl pods", captured: false },
  {
    name: "baseline",
    slow: { tool: "nstat", seconds: 3 },
    line: "Choose what to follow",
    process: "nstat",
    captured: false,
  },
  { name: "droptrace start", process: "hopbook-droptrace", captured: false },
  {
    name: "capture start",
    slow: { tool: "tcpdump", seconds: 2, when: "*-w*" },
    process: "tcpdump -Z root",
    captured: false,
  },
  { name: "capturing", line: "Capture at every hop", waitMs: 400, args: LONG_TRAFFIC, captured: true },
  {
    name: "capturing by ssh",
    ssh: true,
    line: "Capture at every hop",
    waitMs: 400,
    args: LONG_TRAFFIC,
    captured: true,
  },
  { name: "watching", line: "Capture at every hop", waitMs: 200, args: ["--no-traffic"], captured: true },
  { name: "stopping", line: "Make traffic", waitMs: 300, captured: true },
  {
    name: "pulling",
    slow: { tool: "cat", seconds: 1, when: "*.pcap" },
    line: "Make traffic",
    process: "cat -- /var/tmp",
    captured: true,
  },
  {
    name: "inspecting",
    slow: { tool: "nft", seconds: 2 },
    fault: "forward-drop-b",
    args: ["--count", "2"],
    line: "Collect the kernel's drops",
    process: "nft -j",
    captured: true,
  },
];

const work = mkdtempSync(join(tmpdir(), "hopbook-int-"));
const cli = buildCli();
const labs: string[] = [];

t.teardown(async () => {
  for (const name of labs) await downLab({ name });
  cli.remove();
  rmSync(work, { recursive: true, force: true });
});

async function bringUp(suffix: string): Promise<LabState> {
  const name = `int-${process.pid}-${suffix}`;
  labs.push(name);
  return upLab({ name, topology: "calico-vxlan" });
}

interface Started {
  readonly cli: RunningCli;
  readonly outDir: string;
  readonly tmp: string;
  /** Undoes what made the stage long. */
  readonly restore: () => Promise<void>;
}

let runs = 0;

/** Starts a run and resolves when it is in the stage. */
async function reach(stage: Stage, lab: LabState): Promise<Started> {
  const home = join(work, `r${(runs += 1)}`);
  const [outDir, tmp] = [join(home, "out"), join(home, "tmp")];
  mkdirSync(tmp, { recursive: true });
  const undo: (() => Promise<unknown>)[] = [];
  if (stage.slow !== undefined) undo.push(await slowDown(lab, stage.slow));
  const { fault } = stage;
  if (fault !== undefined) {
    await setFault({ name: lab.name, fault, on: true });
    undo.push(() => setFault({ name: lab.name, fault, on: false }));
  }
  if (stage.name === "connecting") {
    await signalSshds(lab, "STOP");
    undo.push(() => signalSshds(lab, "CONT"));
  }
  const profile = stage.ssh === true ? lab.files.sshProfile : lab.files.profile;
  const ends = ["--from", "shop/client", "--to", "shop/web:8080"];
  const args = ["run", "trace-path", ...ends, "--cluster", profile, "--yes", "--out", outDir];
  const started = startCli(cli, [...args, ...(stage.args ?? [])], { cwd: home, env: { TMPDIR: tmp } });
  const restore = async (): Promise<void> => {
    for (const each of undo.reverse()) await each();
  };
  if (stage.line !== undefined && !(await started.said(stage.line))) {
    await restore();
    throw new Error(`it ended before ${stage.name}: ${started.stderr()}`);
  }
  const seen =
    stage.process === undefined
      ? () => stage.line !== undefined || findOwnProcesses(tmp).length > 0
      : () => findProcesses(lab, stage.process ?? "").length > 0;
  const deadline = performance.now() + 40_000;
  while (!seen()) {
    if (performance.now() > deadline || started.child.exitCode !== null) {
      await restore();
      throw new Error(`it never came to ${stage.name}: ${started.stderr()}`);
    }
    await sleep(10);
  }
  await sleep(stage.waitMs ?? 0);
  return { cli: started, outDir, tmp, restore };
}

async function signalSshds(lab: LabState, signal: string): Promise<void> {
  const script = 'read -r pid </run/sshd.pid; kill "-$1" "$pid"';
  for (const node of lab.nodes) await must(lab, node.name, ["sh", "-c", script, "signal", signal]);
}

const runFolders = (outDir: string): string[] => (existsSync(outDir) ? readdirSync(outDir) : []);

function judgeFolder(t: Test, outDir: string, stage: Stage): void {
  const [run] = runFolders(outDir);
  t.ok(run, "the run's folder is there");
  const dir = join(outDir, run ?? "");
  const manifest = JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8")) as { files: unknown[] };
  t.ok(manifest.files.length > 0, "its manifest lists files");
  t.ok(existsSync(join(dir, "transcript.jsonl")), "and there is a transcript");
  const findingsFile = join(dir, "findings.json");
  t.equal(existsSync(findingsFile) || !stage.captured, true, "findings where anything was captured");
  if (!existsSync(findingsFile)) return;
  const { run: about } = JSON.parse(readFileSync(findingsFile, "utf8")) as Findings;
  t.equal(about.complete, false, "what was captured is said to be incomplete");
  t.ok(about.incomplete.length > 0, about.incomplete.join("; "));
}

function judgeEnd(t: Test, ended: CliRun, of: { readonly started: Started; readonly stage: Stage }): void {
  const { started, stage } = of;
  t.equal(ended.exitCode, 130, `exit code; ${ended.stderr}`);
  t.notMatch(ended.stderr, /error\[INTERNAL\]/, "no defect is told");
  judgeFolder(t, started.outDir, stage);
  t.strictSame(readdirSync(started.tmp), [], "no temporary folder of the client's");
  t.strictSame(findOwnProcesses(started.tmp), [], "no ssh of the client's");
}

t.test("an interrupt, at each stage", async (t) => {
  const lab = await bringUp("sig");
  const before = takeSnapshot(lab);
  for (const [index, stage] of STAGES.entries()) {
    const signal = stage.name === "stopping" ? "SIGTERM" : index === 4 ? "SIGHUP" : "SIGINT";
    await t.test(`${signal} while ${stage.name}`, async (t) => {
      const started = await reach(stage, lab);
      const sentMs = performance.now();
      started.cli.child.kill(signal);
      const ended = await started.cli.done;
      const tookMs = performance.now() - sentMs;
      await started.restore();
      judgeEnd(t, ended, { started, stage });
      t.ok(tookMs < 15_000, `it took ${Math.round(tookMs)} ms`);
      const { left, afterMs } = await waitUntilClean(before, lab, {
        withinMs: SOON_MS,
        outDir: started.outDir,
      });
      t.strictSame(left, [], `nothing is left on the nodes (${afterMs} ms after it)`);
    });
  }

  await t.test("while the verdict is made", async (t) => {
    const stage: Stage = { name: "analysing", line: "Read the nodes' state", captured: true };
    const started = await reach(stage, lab);
    started.cli.child.kill("SIGINT");
    const { exitCode } = await started.cli.done;
    t.equal(exitCode, 130);
    t.ok(existsSync(join(started.outDir, runFolders(started.outDir)[0] ?? "", "manifest.json")));
    t.strictSame((await waitUntilClean(before, lab, { withinMs: SOON_MS })).left, []);
  });

  await t.test("a second one forces", async (t) => {
    const stage: Stage = {
      name: "pulling",
      slow: { tool: "cat", seconds: 6, when: "*.pcap" },
      line: "Make traffic",
      process: "cat -- /var/tmp",
      captured: true,
    };
    const started = await reach(stage, lab);
    started.cli.child.kill("SIGINT");
    await started.cli.said("again to force");
    const sentMs = performance.now();
    started.cli.child.kill("SIGINT");
    const { exitCode } = await started.cli.done;
    t.equal(exitCode, 130);
    t.ok(performance.now() - sentMs < 4000, "at once, not after the 6 s that the pull takes");
    await started.restore();
    const { left, afterMs } = await waitUntilClean(before, lab, {
      withinMs: LEASE_MS,
      outDir: started.outDir,
    });
    t.strictSame(left, [], `and the nodes are clean, ${afterMs} ms later`);
  });
});

t.test("a client that is killed or stands still", async (t) => {
  const lab = await bringUp("kill");
  const before = takeSnapshot(lab);
  const folders: { stage: string; outDir: string }[] = [];
  for (const stage of STAGES) {
    const started = await reach(stage, lab);
    started.cli.child.kill("SIGKILL");
    await started.cli.done;
    await started.restore();
    folders.push({ stage: stage.name, outDir: started.outDir });
  }
  const killedMs = performance.now();
  const left = (): string[] => listLeft(before, lab);
  t.comment(`right after the last kill: ${left().length} things are left`);

  const still = await bringUp("still");
  const stillBefore = takeSnapshot(still);
  const stage: Stage = {
    name: "capturing",
    line: "Capture at every hop",
    waitMs: 300,
    args: ["--no-traffic", "--watch", "25s"],
    captured: true,
  };
  const started = await reach(stage, still);
  started.cli.child.kill("SIGSTOP");
  t.ok(listLeft(stillBefore, still).length > 0, "captures run while the client stands still");
  const frozen = await waitUntilClean(stillBefore, still, { withinMs: LEASE_MS, outDir: started.outDir });
  t.strictSame(
    frozen.left.filter((line) => !/nsenter/.test(line)),
    [],
    `the lease ended them after ${frozen.afterMs} ms`,
  );
  started.cli.child.kill("SIGCONT");
  const ended = await started.cli.done;
  t.ok(
    [3, 6].includes(ended.exitCode ?? -1),
    `the client says so when it goes on: ${ended.exitCode} ${ended.stderr}`,
  );
  t.match(ended.stderr, /lease/, "and why");

  await sleep(Math.max(0, killedMs + LEASE_MS - performance.now()));
  t.strictSame(left(), [], "nothing runs and no file is left after the lease");
  for (const { stage: name, outDir } of folders) {
    const { left: instances } = await waitUntilClean(takeSnapshot(lab), lab, { withinMs: 0, outDir });
    t.strictSame(instances, [], `no trace instance of the run killed while ${name}`);
  }
  t.strictSame(findOwnProcesses(work), [], "no ssh master of a killed client");
  const answer = await execInNode(lab, "node-a", ["true"]);
  t.equal(answer.exitCode, 0, "the node itself is well");
});
