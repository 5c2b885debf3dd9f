// Makes a run folder whole, or shares one, in a process of its own: share-child.js finish|share DIR [ARCHIVE].
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openRunFolder } from "../dist/artifacts/index.js";
import { shareRun } from "../dist/share/share.js";

const RUNBOOK = `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: { name: bench, title: Bench }
steps:
  - id: wait
    uses: flow/wait
`;

const [what, dir, archive] = process.argv.slice(2);
if (what === "finish") {
  writeFileSync(join(dir, "runbook.yaml"), RUNBOOK);
  const createdAt = new Date("2026-01-01T00:00:00Z");
  await openRunFolder({ dir, id: "bench", runbook: "bench", target: "bench", createdAt }).finish();
} else {
  const keepsPayload = process.argv[5] === "payload";
  const { report } = await shareRun({ dir, out: archive, key: null, keepsPayload, cwd: "/" });
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const { packets, payloadBytes } = report.counts;
  const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6;
  console.log(
    JSON.stringify({ packets, payloadBytes, verdict: report.verdict, cpuSeconds, peakKib: maxRSS }),
  );
}
