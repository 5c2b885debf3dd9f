import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CoreV1Api } from "@kubernetes/client-node";
import t, { type Test } from "tap";
import { reap } from "../../lib/reap/reap.js";
import { runProgram } from "../../lib/lab/enter.js";
import type { Findings } from "../../lib/model/findings.js";
import type { RunEvent } from "../../lib/model/steps.js";
import { buildCli, type BuiltCli } from "../lab/cli.js";
import { mostMs } from "../fixtures/patience.js";
import { readEvidence, startClient, type ClientEnd, type ClientRun } from "./faults-client.js";
import { coreApi } from "./kube.js";
import { waitUntilNothingLeft, type LookOptions } from "./left-behind.js";
import { TOOLS_IMAGE } from "./names.js";
import { until } from "./run.js";
import type { ClusterState } from "./state.js";
import { useCluster, whyNoCluster, type TestCluster } from "./use.js";

/** What the tests of faults share: a run in a process of its own, something that is broken meanwhile, and a look after it. */

export type Way = "debugPod" | "ssh" | "kubectlDebug";

/** More phases and ways, which take minutes more: `npm run test:cluster:long`. */
export const isLong = process.env["HOPBOOK_TEST_LONG"] === "1";
export const TRAFFIC = { from: "shop/client", to: ["shop/web:8080"], count: "16", interval: "500ms" };

/** A moment of a run. */
export const begins =
  (step: string) =>
  (event: RunEvent): boolean =>
    event.type === "stepStarted" && event.step === step;
export const ends =
  (step: string) =>
  (event: RunEvent): boolean =>
    event.type === "stepEnded" && event.step === step;

export interface Fault {
  readonly way: Way;
  readonly raw?: object;
  readonly profile?: string;
  /** When it breaks. Default: a second after the traffic began. */
  readonly at?: (event: RunEvent) => boolean;
  readonly afterMs?: number;
  /** What was killed with its pod may leave a folder on the node, which only `reap` takes away. */
  readonly needsReap?: "perhaps";
  readonly act: (run: ClientRun) => Promise<unknown>;
  readonly mend?: () => Promise<unknown>;
  /** Once the run has ended, before it is looked for what is left. */
  readonly mendAfter?: () => Promise<unknown>;
  readonly leaseMs?: number;
  readonly withinMs?: number;
}

export interface Broken {
  readonly ended: ClientEnd;
  readonly findings: Findings | null;
  /** From the fault on, in milliseconds. */
  readonly tookMs: number;
}

export interface Faults {
  readonly namespace: string;
  readonly work: string;
  readonly cli: BuiltCli;
  readonly api: CoreV1Api;
  readonly config: TestCluster["config"];
  readonly nodes: TestCluster["nodes"];
  readonly own: ClusterState;
  readonly profiles: Readonly<Record<Way, string>>;
  readonly mkHome: () => string;
  readonly look: (tmpDir?: string) => LookOptions;
  readonly start: (
    way: Way,
    more?: { readonly raw?: object; readonly leaseMs?: number; readonly profile?: string },
  ) => ClientRun;
  readonly breakRun: (t: Test, fault: Fault) => Promise<Broken>;
}

/** The cluster and a namespace of the test's own. The process ends where there is no cluster whose nodes can be broken. */
export async function useFaults(namespace: string): Promise<Faults> {
  const why = whyNoCluster();
  if (why !== null) {
    t.fail(why);
    process.exit(1);
  }
  const cluster = await useCluster((text) => t.comment(text));
  const { config, nodes, own } = cluster;
  if (own === null) {
    t.comment("the nodes of this cluster cannot be entered, and so not be broken");
    process.exit(0);
  }
  const work = mkdtempSync(join(tmpdir(), `${namespace}-`));
  const api = coreApi(config);
  const cli = buildCli();
  await api.createNamespace({
    body: { metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
  });
  t.teardown(async () => {
    await api.deleteNamespace({ name: namespace }).catch(() => undefined);
    cli.remove();
    rmSync(work, { recursive: true, force: true });
    await cluster.release();
  });
  const profileOf = (via: string, more: object = {}): string => {
    const file = join(work, `${via}.yaml`);
    const profile = {
      ...{ apiVersion: "hopbook.dev/v1", kind: "ClusterProfile", metadata: { name: "faults" } },
      kube: { kubeconfig: own.files.kubeconfig },
      images: { tools: TOOLS_IMAGE },
      access: { via, namespace, ...more },
      nodes: nodes.map((name) => ({ name })),
    };
    writeFileSync(file, JSON.stringify(profile));
    return file;
  };
  const profiles = {
    debugPod: profileOf("debugPod"),
    ssh: own.files.sshProfile,
    kubectlDebug: profileOf("kubectlDebug", { kubectl: own.kubectl }),
  };
  let homes = 0;
  const mkHome = (): string => {
    const home = join(work, `run${(homes += 1)}`);
    mkdirSync(home);
    return home;
  };
  const look = (tmpDir?: string): LookOptions => ({
    config,
    own,
    ...(tmpDir === undefined ? {} : { tmpDir }),
  });
  const start: Faults["start"] = (way, { raw, profile = profiles[way], leaseMs = 600_000 } = {}) =>
    startClient(cli, { profile, raw: { ...TRAFFIC, ...raw }, leaseMs, home: mkHome() });
  const faults = { namespace, work, cli, api, config, nodes, own, profiles, mkHome, look, start };
  return { ...faults, breakRun: (test, fault) => breakRun(test, faults, fault) };
}

/** Breaks something in a run, and mends it after; whatever happens, nothing may be left. */
async function breakRun(t: Test, faults: Omit<Faults, "breakRun">, fault: Fault): Promise<Broken> {
  const { look, own, start, work } = faults;
  const run = start(fault.way, {
    ...(fault.raw === undefined ? {} : { raw: fault.raw }),
    ...(fault.profile === undefined ? {} : { profile: fault.profile }),
    ...(fault.leaseMs === undefined ? {} : { leaseMs: fault.leaseMs }),
  });
  t.ok(await run.reached(fault.at ?? begins("traffic")), "it came to where it is broken");
  await sleep(fault.afterMs ?? 1000);
  const brokenMs = performance.now();
  try {
    await fault.act(run);
  } finally {
    await fault.mend?.();
  }
  const ended = await run.done;
  const tookMs = Math.round(performance.now() - brokenMs);
  await fault.mendAfter?.();
  const findings = ended.dir === null ? null : readEvidence<Findings>(ended.dir, "findings.json");
  const why = findings?.run.incomplete.join("; ") ?? ended.said;
  t.comment(`exit ${String(ended.exitCode)} after ${tookMs} ms; ${why}`);
  t.comment(`verdicts: ${findings?.flows.map(({ verdict }) => verdict.status).join(", ") ?? "none"}`);
  const wait = { ...look(run.tmpDir), withinMs: fault.withinMs ?? 45_000 };
  const isReapNeeded = fault.needsReap === "perhaps" && (await waitUntilNothingLeft(wait)).left.length > 0;
  if (isReapNeeded) {
    t.match(findings?.run.incomplete.join("; "), /where \/var\/tmp\/hopbook-.* hopbook reap removes it/);
    // A run that is named goes at once, however new it is.
    const report = await reap({
      ...{ cluster: own.files.localProfile, cwd: work, grants: { yes: true }, runId: findings?.run.id },
      signal: AbortSignal.timeout(mostMs(60_000)),
    });
    t.ok(
      report.items.some(({ kind, outcome }) => kind === "folder" && outcome === "removed"),
      "reap removes what was killed with the pod",
    );
  }
  const { left, afterMs } = await waitUntilNothingLeft(wait);
  t.strictSame(left, [], `nothing is left ${afterMs} ms after it`);
  return { ended, findings, tookMs };
}

/** No packet was lost by any of these faults alone; so nobody may say so. */
export function judge(t: Test, { findings }: Broken, expected: { readonly complete?: boolean } = {}): void {
  if (!t.ok(findings, "there is a verdict")) return;
  for (const { verdict } of findings?.flows ?? []) t.not(verdict.status, "lost", "no loss is made up");
  const { complete, incomplete } = findings!.run;
  if (expected.complete !== undefined) t.equal(complete, expected.complete, incomplete.join("; "));
  t.equal(complete, incomplete.length === 0, "incomplete, with its reasons");
}

/** A command in the supervisor's namespaces, where the control plane and the network between the nodes are. */
export async function asSupervisor(own: ClusterState, argv: readonly string[]): Promise<string> {
  const enter = ["nsenter", "-t", String(own.supervisor.pid), "--mount", "--pid", "--"];
  const done = await runProgram([...enter, ...argv]);
  if (done.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${done.stderr}`);
  return done.stdout;
}

const FIND = `for p in /proc/[0-9]*; do
  read -r c <"$p/comm" || continue
  [ "$c" = kube-apiserver ] && echo "\${p#/proc/}"
done 2>/dev/null; true`;

/** Sends kube-apiserver a signal. */
export async function signalApi(own: ClusterState, signal: string): Promise<void> {
  const pids = (await asSupervisor(own, ["sh", "-c", FIND])).split("\n").filter((pid) => pid !== "");
  if (pids.length === 0) throw new Error("there is no kube-apiserver");
  await asSupervisor(own, ["kill", `-${signal}`, ...pids]);
}

/** Kills kube-apiserver; what is returned starts it again as it was, and resolves when it is ready. */
export async function killApi(faults: Pick<Faults, "own" | "api">): Promise<() => Promise<void>> {
  const { own, api } = faults;
  const [pid = ""] = (await asSupervisor(own, ["sh", "-c", FIND])).split("\n");
  const words = (await asSupervisor(own, ["cat", `/proc/${pid}/cmdline`])).split("\0").slice(0, -1);
  const path = (await asSupervisor(own, ["cat", `/proc/${pid}/environ`]))
    .split("\0")
    .find((word) => word.startsWith("PATH="));
  await asSupervisor(own, ["kill", "-KILL", pid]);
  const again =
    'log=$1; export "$2"; shift 2; setsid ip netns exec ctl "$@" </dev/null >>"$log" 2>&1 & exit 0';
  return async () => {
    const log = join(own.dir, "log", "kube-apiserver.again");
    await asSupervisor(own, ["sh", "-c", again, "again", log, path ?? "PATH=/usr/bin", ...words]);
    await until("the API and its nodes are ready again", 120_000, () => areNodesReady(api));
  };
}

/** Whether every node reports that it is Ready; null where one does not, or the API does not answer. */
export async function areNodesReady(api: CoreV1Api): Promise<true | null> {
  try {
    const { items } = await api.listNode();
    const isReady = items.every(({ status }) =>
      status?.conditions?.some((each) => each.type === "Ready" && each.status === "True"),
    );
    return isReady || null;
  } catch {
    return null;
  }
}
