/* global AbortController */
// Plans a trace, runs it, tells of its steps as they end, and prints where the packets stop:
//   node trace.js shop/client shop/web:8080 [CLUSTER.yaml]
import { HopbookError, planRunbook, runRunbook } from "hopbook";

const [from = "shop/client", to = "shop/web:8080", cluster] = process.argv.slice(2);
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

const options = {
  runbook: "trace-path",
  inputs: { from, to: [to] },
  cluster,
  grants: { yes: true },
  signal: stop.signal,
  onEvent: (event) => {
    if (event.type === "stepEnded") console.error(`${event.step}: ${event.status} (${event.durationMs} ms)`);
    if (event.type === "note" && event.level === "warn") console.error(`! ${event.text}`);
  },
};

try {
  const plan = await planRunbook(options);
  const commands = plan.steps.flatMap((step) => step.commands);
  console.error(`${commands.length} commands, digest ${plan.digest}`);

  const report = await runRunbook(options);
  for (const { id, verdict } of report.findings.flows) {
    const { status, lastSeen, cause } = verdict;
    const place = lastSeen === null ? "" : `, last seen at ${lastSeen.node} ${lastSeen.interface}`;
    console.log(`${id}: ${status}${place}${cause === null ? "" : `: ${cause.summary}`}`);
  }
  console.log(`evidence: ${report.dir}`);
  process.exitCode = report.exitCode;
} catch (error) {
  if (!(error instanceof HopbookError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = error.exitCode;
}
