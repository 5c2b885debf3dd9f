import t from "tap";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downLab, setFault, upLab, type LabState } from "../../lib/lab/index.js";
import { waitUntil } from "../fixtures/patience.js";
import { buildCli, LISTENING, startCli, type RunningCli } from "./cli.js";
import { findOwnProcesses, findProcesses } from "./hygiene.js";
import { holdBack, must, type Slow } from "./slow.js";

/** The stages of a run, and how a run is brought to each. */

/** What a node may go on with when the client was killed. */
export const LEASE_MS = 30_000;

export interface Stage {
  readonly name: string;
  /** By ssh; else by entering the namespaces. */
  readonly ssh?: true;
  /** A program of the nodes that waits until the stage is let go. */
  readonly held?: Omit<Slow, "seconds">;
  readonly fault?: string;
  readonly args?: readonly string[];
  /** The stage has begun when stderr has `line`, which a step says at its end, and the nodes have a process with `process`. */
  readonly line?: string;
  readonly process?: string;
  /** Whether captures had begun, so that findings say they are not complete. */
  readonly captured: boolean;
}

const LONG_TRAFFIC = ["--count", "40", "--interval", "500ms"];
export const STAGES: readonly Stage[] = [
  { name: "connecting", ssh: true, captured: false },
  { name: "discovery", held: { tool: "crictl", when: "*pods*" }, process: "crictl pods", captured: false },
  {
    name: "baseline",
    held: { tool: "nstat" },
    line: "Choose what to follow",
    process: "nstat",
    captured: false,
  },
  { name: "droptrace start", process: "hopbook-droptrace", captured: false },
  {
    name: "capture start",
    held: { tool: "tcpdump", when: "*-w*" },
    process: "tcpdump -Z root",
    captured: false,
  },
  { name: "capturing", line: LISTENING, args: LONG_TRAFFIC, captured: true },
  {
    name: "capturing by ssh",
    ssh: true,
    line: LISTENING,
    args: LONG_TRAFFIC,
    captured: true,
  },
  { name: "watching", line: LISTENING, args: ["--no-traffic"], captured: true },
  { name: "stopping", line: "Make traffic", captured: true },
  {
    name: "pulling",
    held: { tool: "cat", when: "*.pcap" },
    line: "Make traffic",
    process: "cat -- /var/tmp",
    captured: true,
  },
  {
    name: "inspecting",
    held: { tool: "nft", when: "-j*" },
    fault: "forward-drop-b",
    args: ["--count", "2"],
    line: "Collect the kernel's drops",
    process: "nft -j",
    captured: true,
  },
];

export const work = mkdtempSync(join(tmpdir(), "hopbook-int-"));
const cli = buildCli();
const labs: string[] = [];

t.teardown(async () => {
  for (const name of labs) await downLab({ name });
  cli.remove();
  rmSync(work, { recursive: true, force: true });
});

export async function bringUp(suffix: string): Promise<LabState> {
  const name = `int-${process.pid}-${suffix}`;
  labs.push(name);
  return upLab({ name, topology: "calico-vxlan" });
}

export interface Started {
  readonly cli: RunningCli;
  readonly outDir: string;
  readonly tmp: string;
  /** Lets the stage go on, and undoes what was done for it. To be called once, before the run is waited for. */
  readonly restore: () => Promise<void>;
}

let runs = 0;

/** Starts a run and resolves when it is in the stage. */
export async function reach(stage: Stage, lab: LabState): Promise<Started> {
  const home = join(work, `r${(runs += 1)}`);
  const [outDir, tmp] = [join(home, "out"), join(home, "tmp")];
  mkdirSync(tmp, { recursive: true });
  const undo: (() => Promise<unknown>)[] = [];
  if (stage.held !== undefined) undo.push(await holdBack(lab, stage.held));
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
  // One of a run that was killed a moment ago may be about to end.
  const others = new Set(findProcesses(lab, stage.process ?? ""));
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
      : () => findProcesses(lab, stage.process ?? "").some((line) => !others.has(line));
  let isThere = false;
  await waitUntil(() => (isThere = seen()) || started.child.exitCode !== null, { everyMs: 10 });
  if (!isThere) {
    await restore();
    throw new Error(`it never came to ${stage.name}: ${started.stderr()}`);
  }
  return { cli: started, outDir, tmp, restore };
}

async function signalSshds(lab: LabState, signal: string): Promise<void> {
  const script = 'read -r pid </run/sshd.pid; kill "-$1" "$pid"';
  for (const node of lab.nodes) await must(lab, node.name, ["sh", "-c", script, "signal", signal]);
}
