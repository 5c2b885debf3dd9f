import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { renderLocalProfile, renderSshProfile } from "../../lib/lab/profile.js";
import { buildImages, imagesDir } from "./images.js";
import { downCluster } from "./down.js";
import { writeClusterFiles } from "./files.js";
import { SCENARIO_IMAGES, SCENARIO_NAMESPACE, scenarioManifests } from "./manifests.js";
import {
  clusterNodes,
  containerdKind,
  type ClusterNode,
  CONTROL_ADDRESS,
  isDualStack,
  ofFamilies,
  OPERATOR_ADDRESS,
  OPERATOR_ADDRESS6,
  stateDir,
} from "./names.js";
import { renderKubeconfig } from "./pki.js";
import { binDir, buildPrograms } from "./programs.js";
import { requireMachine } from "./require.js";
import { run, until } from "./run.js";
import {
  findProcesses,
  isAlive,
  readClusterState,
  readStat,
  type ClusterProcess,
  type ClusterState,
} from "./state.js";

const CONTROL_TIMEOUT_MS = 180_000;
const NODES_TIMEOUT_MS = 120_000;
const PODS_TIMEOUT_MS = 180_000;
const SERVICE_TIMEOUT_MS = 60_000;

type Say = (text: string) => void;

/**
 * Brings the cluster up and returns when both nodes are Ready and the shop's Service answers by its name. Builds first
 * what is not in the cache. A cluster that is up already is returned as it is; one that failed is taken down, and the
 * error has the end of the logs.
 */
export async function upCluster(say: Say = () => undefined): Promise<ClusterState> {
  const running = readClusterState();
  if (running !== null) return requireSame(running);
  requireMachine();
  await buildPrograms(say);
  await buildImages(say);
  await downCluster();
  const startedAtMs = performance.now();
  const dir = stateDir();
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  try {
    await writeClusterFiles(dir);
    const supervisor = await startSupervisor(dir);
    const state = await collect(dir, supervisor, say);
    await waitForNodes(state, say);
    await applyScenario(state);
    await waitForPods(state, say);
    await waitForService(state, say);
    const whole = { ...state, upMs: Math.round(performance.now() - startedAtMs) };
    writeFileSync(join(dir, "state.json"), `${JSON.stringify(whole, null, 2)}\n`, { mode: 0o600 });
    return whole;
  } catch (error) {
    const logs = process.env["HOPBOOK_TEST_CLUSTER_KEEP"] === undefined ? readLogs(dir) : `logs: ${dir}/log`;
    if (process.env["HOPBOOK_TEST_CLUSTER_KEEP"] === undefined) await downCluster();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${logs}`, { cause: error });
  }
}

/** A cluster that was brought up with other settings is no answer to these. */
function requireSame(running: ClusterState): ClusterState {
  const shape = (containerd: string, nodes: readonly ClusterNode[]): string =>
    [
      containerd,
      ...nodes.map(({ name, hasCrictl }) => `${name}${hasCrictl ? " with crictl" : ""}`),
      ...(nodes.some(({ address6 }) => address6 !== null) ? ["dual stack"] : []),
    ].join(", ");
  const [is, wanted] = [shape(running.containerd, running.nodes), shape(containerdKind(), clusterNodes())];
  if (is === wanted) return running;
  throw new Error(`a cluster of other settings is up (${is}; wanted: ${wanted}): take it down first`);
}

/** Starts the cluster's pid 1, which outlives this process; in the machine's network, so that it can be reached. */
async function startSupervisor(dir: string): Promise<ClusterProcess> {
  const log = openSync(join(dir, "log", "supervise"), "a", 0o600);
  const nodes = clusterNodes().map((node) => `${node.name}=${ofFamilies(node.address, node.address6)}`);
  const args = [
    ...["-m", "-u", "-i", "-p", "--fork", "--kill-child=KILL", "--mount-proc", "--propagation", "private"],
    ...[
      "sh",
      join(dir, "supervise.sh"),
      dir,
      binDir(),
      imagesDir(),
      CONTROL_ADDRESS,
      ofFamilies(OPERATOR_ADDRESS, OPERATOR_ADDRESS6),
      ...nodes,
    ],
  ];
  const child = spawn("unshare", args, {
    detached: true,
    cwd: "/",
    stdio: ["ignore", log, log],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", HOME: "/root" },
  });
  closeSync(log);
  child.unref();
  const failed = new Promise<never>((_resolve, reject) => child.once("error", reject));
  failed.catch(() => undefined);
  const find = (): ClusterProcess | null =>
    findProcesses((words) => words[0] === "sh" && words[1] === join(dir, "supervise.sh"))[0] ?? null;
  const found = await Promise.race([until("the cluster's pid 1 is there", 5000, find), failed]);
  writeFileSync(join(dir, "supervisor"), `${String(found.pid)} ${String(found.startTimeTicks)}\n`);
  return found;
}

/** Waits for the control plane, and writes how to reach it and the nodes. */
async function collect(dir: string, supervisor: ClusterProcess, say: Say): Promise<ClusterState> {
  const startedAtMs = performance.now();
  await until("the control plane is ready", CONTROL_TIMEOUT_MS, () => {
    if (!isAlive(supervisor)) throw new Error("the cluster's pid 1 has ended");
    return existsSync(join(dir, "control-ready")) || null;
  });
  say(`control plane ready after ${seconds(startedAtMs)} s`);
  const port = readFileSync(join(dir, "log", "forward"), "utf8").split("\n")[0] ?? "";
  const files = {
    kubeconfig: join(dir, "kubeconfig"),
    sshConfig: join(dir, "ssh_config"),
    localProfile: join(dir, "cluster.yaml"),
    sshProfile: join(dir, "cluster-ssh.yaml"),
  };
  const operator = requireProcess("the operator's", (words) => words[0] === "sleep", supervisor);
  const nodes = clusterNodes().map((node) => ({
    ...node,
    ...requireProcess(
      `${node.name}'s`,
      (words) => words[0] === "sh" && words[1] === join(dir, "node.sh") && words[2] === node.name,
    ),
  }));
  const write = (path: string, text: string): void => writeFileSync(path, text, { mode: 0o600 });
  const server = `https://127.0.0.1:${port}`;
  write(files.kubeconfig, renderKubeconfig(join(dir, "pki"), { name: "admin", server }));
  write(files.sshConfig, renderSshConfig(dir, operator));
  const forProfile = nodes.map((node) => ({ ...node, pods: [] }));
  const profiled = { name: "test-cluster", nodes: forProfile, underlay: undefined };
  write(files.localProfile, renderLocalProfile(profiled));
  write(files.sshProfile, renderSshProfile(profiled));
  return {
    dir,
    containerd: containerdKind(),
    supervisor,
    operator,
    nodes,
    files,
    kubectl: join(binDir(), "kubectl"),
    upMs: 0,
  };
}

/** A process by its words; with `parent`, of its children only. */
function requireProcess(
  whose: string,
  fits: (words: readonly string[]) => boolean,
  parent?: ClusterProcess,
): ClusterProcess {
  const found = findProcesses(fits).find(
    ({ pid }) => parent === undefined || readStat(pid)?.ppid === parent.pid,
  );
  if (found === undefined) throw new Error(`${whose} process is not there`);
  return found;
}

/** Only the operator's network namespace reaches the nodes, so the ProxyCommand enters it. */
function renderSshConfig(dir: string, operator: ClusterProcess): string {
  return [
    ...clusterNodes().flatMap(({ name, address }) => [`Host ${name} ${address}`, `  HostName ${address}`]),
    "Host *",
    "  User root",
    `  IdentityFile ${join(dir, "ssh", "id_ed25519")}`,
    "  IdentitiesOnly yes",
    `  UserKnownHostsFile ${join(dir, "ssh", "known_hosts")}`,
    "  GlobalKnownHostsFile /dev/null",
    "  StrictHostKeyChecking yes",
    `  ProxyCommand nsenter -t ${String(operator.pid)} --net nc %h %p`,
    "",
  ].join("\n");
}

/** Runs kubectl as cluster-admin. Throws with what it said where it fails. */
export function kubectl(
  state: Pick<ClusterState, "kubectl" | "files">,
  args: readonly string[],
  options: { readonly stdin?: string; readonly timeoutMs?: number } = {},
): Promise<string> {
  const argv = [state.kubectl, "--kubeconfig", state.files.kubeconfig, ...args];
  return run(argv, { timeoutMs: 60_000, ...options });
}

interface Conditions {
  readonly items: readonly {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

function countReady(text: string): number {
  const { items } = JSON.parse(text) as Conditions;
  return items.filter((item) =>
    item.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
  ).length;
}

async function waitForNodes(state: ClusterState, say: Say): Promise<void> {
  const startedAtMs = performance.now();
  await until("both nodes are Ready", NODES_TIMEOUT_MS, async () => {
    const ended = state.nodes.filter((node) => !isAlive(node)).map((node) => node.name);
    if (ended.length > 0) throw new Error(`pid 1 of ${ended.join(", ")} has ended`);
    return countReady(await kubectl(state, ["get", "nodes", "-o", "json"])) === state.nodes.length || null;
  });
  say(`nodes ready ${seconds(startedAtMs)} s after the control plane`);
}

async function applyScenario(state: ClusterState): Promise<void> {
  const apply = (manifest: unknown): Promise<string> =>
    kubectl(state, ["apply", "-f", "-"], { stdin: JSON.stringify(manifest), timeoutMs: 60_000 });
  await apply(SCENARIO_NAMESPACE);
  await until("shop has its ServiceAccount", 20_000, async () => {
    const names = await kubectl(state, ["-n", "shop", "get", "serviceaccounts", "-o", "name"]);
    return names.includes("serviceaccount/default") || null;
  });
  const [near = "", far = ""] = state.nodes.map((node) => node.name);
  await apply(scenarioManifests({ nodes: [near, far], ...SCENARIO_IMAGES }));
}

async function waitForPods(state: ClusterState, say: Say): Promise<void> {
  const startedAtMs = performance.now();
  await until("the shop's pods and CoreDNS are ready", PODS_TIMEOUT_MS, async () => {
    const ready = await Promise.all(
      ["shop", "kube-system"].map(async (namespace) =>
        countReady(await kubectl(state, ["-n", namespace, "get", "pods", "-o", "json"])),
      ),
    );
    return (ready[0] === 2 && ready[1] === 1) || null;
  });
  say(`pods ready ${seconds(startedAtMs)} s after they were applied`);
}

/** Ready pods are not yet in every node's iptables: kube-proxy writes them about once a second, each family's by itself. */
async function waitForService(state: ClusterState, say: Say): Promise<void> {
  const startedAtMs = performance.now();
  for (const family of isDualStack() ? ["-4", "-6"] : ["-4"]) {
    const ask = ["-n", "shop", "exec", "client", "--", "curl", family, "-s", "-m", "2", "http://web/"];
    await until(`the Service answers by its name, curl ${family}`, SERVICE_TIMEOUT_MS, () =>
      kubectl(state, ask).then(
        (said) => said === "web\n" || null,
        () => null,
      ),
    );
  }
  say(`the Service answered ${seconds(startedAtMs)} s after the pods were ready`);
}

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1000).toFixed(1);
}

/** The end of each log, of what says most about a failure. */
function readLogs(dir: string): string {
  const folder = join(dir, "log");
  if (!existsSync(folder)) return "";
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const tail = readFileSync(join(folder, name), "utf8").trim().split("\n").slice(-4).join("\n");
      return tail === "" ? "" : `--- ${name}\n${tail.slice(-1500)}\n`;
    })
    .join("");
}
