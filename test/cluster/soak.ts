import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openAccess } from "../../lib/access/registry.js";
import { planCaptures, startCaptures } from "../../lib/capture/index.js";
import { openKube } from "../../lib/kube/index.js";
import type { NodeAccess } from "../../lib/model/access.js";
import { mostMs } from "../fixtures/patience.js";
import { flowsOn } from "./soak-flows.js";
import { coreApi } from "./kube.js";
import { countChildren, countOpen, waitUntilNothingLeft } from "./left-behind.js";
import { TOOLS_IMAGE } from "./names.js";
import { useCluster } from "./use.js";
import { trustAll } from "../fixtures/trust.js";

/**
 * Start and stop, again and again: the way in by a debug pod of each node, its capture agent with a capture each, and
 * all of it taken away. Prints what grew: descriptors, processes, memory; ends with 1 where anything leaked.
 *   npm run test:soak [RUNS]
 */

const runs = Number(process.argv[2] ?? 500);
const NAMESPACE = "hopbook-soak";
/** The first runs load code and fill pools. */
const WARM_UP = Math.max(3, Math.min(25, Math.floor(runs / 5)));
const MAX_GROWTH = 0.1;
/** What a few runs load late looks like growth. */
const ENOUGH_TO_JUDGE_MEMORY = 100;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const cluster = await useCluster(say);
const { config, own, nodes } = cluster;
const kubeconfig = own?.files.kubeconfig ?? process.env["HOPBOOK_TEST_KUBECONFIG"] ?? "";
const core = coreApi(config);
const tmpDir = mkdtempSync(join(tmpdir(), "hopbook-soak-"));
await core.createNamespace({
  body: { metadata: { name: NAMESPACE, labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
});

interface Measured {
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly open: Readonly<Record<string, number>>;
  readonly children: number;
}

function measure(): Measured {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heapBytes: heapUsed, rssBytes: rss, open: countOpen(), children: countChildren() };
}

/** Connections that nobody uses any more are closed after 5 s. */
async function measureAtRest(): Promise<Measured> {
  await sleep(8_000);
  return measure();
}

async function once(index: number): Promise<void> {
  const runId = (0x500000000000 + index).toString(16).padStart(12, "0");
  const lease = { runId, owner: "soak@test", durationMs: 300_000 };
  const signal = AbortSignal.timeout(mostMs(120_000));
  const opened = await Promise.allSettled(
    nodes.map((name) =>
      openAccess(
        {
          name,
          access: {
            via: "debugPod",
            kube: { kubeconfig: [kubeconfig] },
            namespace: NAMESPACE,
            image: TOOLS_IMAGE,
          },
        },
        { signal, openKube, lease },
      ),
    ),
  );
  const accesses = new Map<string, NodeAccess>();
  for (const each of opened) if (each.status === "fulfilled") accesses.set(each.value.node, each.value);
  try {
    const failed = opened.find((each) => each.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const plans = planCaptures(flowsOn(nodes), {
      ...{ runId, workDir: "/var/tmp", maxSeconds: 60, maxBytes: 1024 * 1024 },
      ...{ minFreeBytes: 1024 * 1024, sshConnections: {} },
    });
    const session = await startCaptures(plans, {
      accesses: trustAll(accesses.values()),
      signal,
      readyTimeoutMs: 60_000,
    });
    await session.stop({ settleMs: 0 });
    const left = await session.remove();
    if (left.length > 0) throw new Error(`not confirmed: ${left.join(", ")}`);
  } finally {
    await Promise.all([...accesses.values()].map((access) => access.close()));
    const left = [...accesses.values()].flatMap((access) => access.leftovers?.() ?? []);
    if (left.length > 0) say(`run ${index}: ${left.join("; ")}`);
  }
}

let failures = 0;
let base: Measured | null = null;
const startedMs = performance.now();
for (let index = 1; index <= runs; index += 1) {
  try {
    await once(index);
  } catch (error) {
    failures += 1;
    say(`run ${index}: ${String(error)}`);
  }
  if (index === WARM_UP) base = await measureAtRest();
  if (index % 25 === 0 || index === runs) {
    const now = measure();
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    say(
      `${index} runs, ${seconds} s: heap ${mib(now.heapBytes)} MiB, rss ${mib(now.rssBytes)} MiB, open ${JSON.stringify(now.open)}, children ${now.children}`,
    );
  }
}
function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
const { left } = await waitUntilNothingLeft({ config, own, withinMs: 30_000, runs: ["500000000"] });
const end = await measureAtRest();
const growth = base === null ? 0 : end.heapBytes / base.heapBytes - 1;
const rssGrowth = base === null ? 0 : end.rssBytes / base.rssBytes - 1;
const sum = (open: Readonly<Record<string, number>>): number =>
  Object.values(open).reduce((total, count) => total + count, 0);
const fds = base === null ? 0 : sum(end.open) - sum(base.open);
say(
  `growth since run ${WARM_UP}: heap ${(growth * 100).toFixed(1)} %, rss ${(rssGrowth * 100).toFixed(1)} %, descriptors ${fds}, children ${end.children - (base?.children ?? 0)}`,
);
for (const line of left) say(`left: ${line}`);
const grew = runs >= ENOUGH_TO_JUDGE_MEMORY && growth > MAX_GROWTH;
const bad = failures > 0 || left.length > 0 || grew || fds > 2 || end.children > (base?.children ?? 0);
say(bad ? `leaked, or failed ${failures} times` : "nothing leaked");
await core.deleteNamespace({ name: NAMESPACE }).catch(() => undefined);
rmSync(tmpDir, { recursive: true, force: true });
await cluster.release();
process.exitCode = bad ? 1 : 0;
