/* global AbortController */
// Follows what two pods say to each other, and prints where it stops. Run it beside a hopbook.yaml:
//   node trace.js shop/client shop/web:8080
import { HopbookError, runRunbook } from "hopbook";

const [from = "shop/client", to = "shop/web:8080"] = process.argv.slice(2);
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
try {
  const report = await runRunbook({
    runbook: "trace-path",
    raw: { from, to: [to] },
    cwd: process.cwd(),
    out: "artifacts",
    grants: { yes: true },
    signal: stop.signal,
    onEvent: (event) => event.type === "note" && console.error(event.text),
  });
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
