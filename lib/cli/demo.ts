import { DEFAULT_TOPOLOGY, LAB_TOPOLOGIES } from "../api/topologies.js";
import { EXIT, HopbookError } from "../errors.js";
import type { FlowFinding } from "../model/findings.js";
import { makePaint } from "../text/paint.js";
import { nextCommand } from "./next-command.js";
import { listenForSignals } from "./signals.js";
import type { Terminal } from "./terminal.js";

const FAULT = "forward-drop-b";
const TO = "shop/web:8080";
const PROBES = ["--probe", "http,ping"];

/**
 * The main job on a lab of its own: a healthy trace, then a NetworkPolicy-like drop on the far node, and the
 * trace again. Resolves with 0 only where both verdicts are right. Where the machine allows no lab it says
 * why, and judges two recorded runs instead.
 */
export async function runDemo(terminal: Terminal, options: { keep: boolean }): Promise<number> {
  const { upLab, downLab, setFault } = await import("../api/lab.js");
  const name = `demo-${process.pid}`;
  const paint = makePaint(terminal.color);
  const say = (text: string): void => terminal.err(`\n${paint("bold", text)}\n`);
  let profile: string;
  try {
    const lab = await upLab({ name, topology: DEFAULT_TOPOLOGY });
    profile = lab.files.profile;
    say(
      `A cluster of network namespaces is up in ${lab.upMs.toFixed(0)} ms: two nodes, ${LAB_TOPOLOGIES[DEFAULT_TOPOLOGY]}.`,
    );
  } catch (error) {
    if (!(error instanceof HopbookError) || error.code !== "LAB_UNAVAILABLE") throw error;
    say(`No lab can be had on this machine: ${error.message}`);
    if (error.hint !== undefined) terminal.err(`hint: ${error.hint}\n`);
    say("So here are two recorded runs, real packets, judged again from their captures alone.");
    return replayExamples(terminal);
  }
  const interruption = listenForSignals(
    () => terminal.err("\ninterrupted: stopping and taking the lab down\n"),
    () => terminal.err("\nstill taking the lab down\n"),
  );
  try {
    const words = ["run", "trace-path", "--from", "shop/client", "--to", TO, ...PROBES];
    say(`1. ${nextCommand(terminal, [...words, "--yes", "--cluster", profile])}`);
    const healthy = await trace(terminal, { profile, signal: interruption.signal });
    if (interruption.signal.aborted) return EXIT.interrupted;
    await setFault({ name, fault: FAULT, on: true });
    say(`2. A policy on node-b now drops what goes to ${TO}. The same again:`);
    const broken = await trace(terminal, { profile, signal: interruption.signal });
    if (interruption.signal.aborted) return EXIT.interrupted;
    return judge(terminal, { healthy, broken });
  } finally {
    if (!options.keep) await downLab({ name });
    interruption.dispose();
    say(
      options.keep
        ? `The lab stays up, with the fault, so that the command above goes on working. Take it down: ${nextCommand(terminal, ["lab", "down", "--name", name])}`
        : `The lab is down; nothing of it is left. To keep it, and try the command above: ${nextCommand(terminal, ["demo", "--keep"])}`,
    );
  }
}

async function trace(
  terminal: Terminal,
  options: { profile: string; signal: AbortSignal },
): Promise<readonly FlowFinding[]> {
  const { runRunbook } = await import("../api/run.js");
  const { reportText } = await import("../api/report.js");
  const { makeProgress } = await import("./progress.js");
  const report = await runRunbook({
    runbook: "trace-path",
    inputs: { from: "shop/client", to: [TO], probe: ["http", "ping"] },
    cluster: options.profile,
    cwd: process.cwd(),
    out: "artifacts",
    grants: { yes: true },
    confirm: () => Promise.resolve(true),
    signal: options.signal,
    onEvent: makeProgress(terminal),
    command: ["hopbook", "demo"],
  });
  terminal.out(`\n${reportText(report.findings, terminal, report.dir)}`);
  terminal.err(`\nevidence and report.html: ${report.dir}\n`);
  return report.findings.flows;
}

async function replayExamples(terminal: Terminal): Promise<number> {
  const { analyzeExamples } = await import("../api/analyze.js");
  const { reportText } = await import("../api/report.js");
  const { healthy, broken } = await analyzeExamples();
  terminal.out(`\n${reportText(healthy, terminal)}\n${reportText(broken, terminal)}`);
  return judge(terminal, { healthy: healthy.flows, broken: broken.flows });
}

function judge(
  terminal: Terminal,
  runs: { healthy: readonly FlowFinding[]; broken: readonly FlowFinding[] },
): number {
  const healthyRight =
    runs.healthy.length > 0 && runs.healthy.every((flow) => flow.verdict.status === "delivered");
  const brokenRight = runs.broken.length > 0 && runs.broken.every(isTheFault);
  const word = (right: boolean): string => (right ? "right" : "WRONG");
  terminal.err(
    `\nverdict of the healthy run: ${word(healthyRight)}; of the run with the fault: ${word(brokenRight)}\n`,
  );
  return healthyRight && brokenRight ? EXIT.healthy : EXIT.internal;
}

/** Lost on the far node, between its tunnel and the pod's host side, by a filter rule. */
function isTheFault({ verdict }: FlowFinding): boolean {
  return (
    verdict.status === "lost" &&
    verdict.direction === "request" &&
    verdict.lastSeen?.node === "node-b" &&
    verdict.lastSeen.role === "tunnel" &&
    verdict.firstMissing?.role === "host-veth" &&
    verdict.cause?.code === "netfilter-drop"
  );
}
