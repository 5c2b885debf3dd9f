import { localFile } from "../fixtures/local-file.js";
import { commandsIn, frame } from "../fixtures/snapshot.js";
import type { Argv, ExecOptions, ExecResult, NodeAccess, NodeStream } from "../../lib/model/access.js";
import { systemClock } from "../../lib/model/clock.js";
import type { End } from "../../lib/model/cluster.js";
import type { HopRole } from "../../lib/model/roles.js";
import type { Flow, FlowPath, Hop } from "../../lib/model/hops.js";
import type { BreakLocation, LimitRequest, StepContext } from "../../lib/model/steps.js";
import { trustAll } from "../fixtures/trust.js";

/** shop/client on node-a and shop/web on node-b, joined by a VXLAN tunnel. */
export const CLIENT: End = makeEnd("shop/client", { node: "node-a", ip: "10.1.0.5", port: null });
export const WEB: End = makeEnd("shop/web", { node: "node-b", ip: "10.1.1.7", port: 8080 });

export function makeEnd(pod: string, rest: { node: string; ip: string; port: number | null }): End {
  const { node, ip, port } = rest;
  return {
    ...{ kind: "pod", text: port === null ? pod : `${pod}:${port}`, pod, node, ip, port },
    ...{ addresses: [{ ip, port }], netns: { kind: "path", path: `/var/run/netns/${node}` } },
    ...{ hostNetwork: false, cniHostInterfaces: [] },
  };
}

function makeHop(index: number, node: string, [role, name]: readonly [HopRole, string]): Hop {
  return {
    ...{ index, id: `${node}.${role}.${name}`, node, role, interface: name, mtuBytes: 1450, evidence: [] },
    netns: role === "pod" ? { kind: "path", path: `/var/run/netns/${node}` } : { kind: "host" },
    encapsulation: role === "nic" ? { kind: "vxlan", port: 4789, vni: 4096, outer: 4 } : { kind: "none" },
  };
}

export function makePath(to: End = WEB): FlowPath {
  const out = [
    ["pod", "eth0"],
    ["host-veth", "cali1"],
    ["tunnel", "vxlan.calico"],
    ["nic", "ens4"],
  ] as const;
  const hops = [
    ...out.map((hop, index) => makeHop(index, "node-a", hop)),
    ...out.toReversed().map((hop, index) => makeHop(index + 4, "node-b", hop)),
  ];
  const tunnel = {
    interface: "vxlan.calico",
    address: null,
    gateway: null,
    remoteMac: null,
    remoteVtep: null,
  };
  return {
    ...{ from: CLIENT, to, recipe: "calico-vxlan", hops, replyHops: null, notes: [] },
    underlay: {
      "node-a": { ip: "192.0.2.1", interface: "ens4" },
      "node-b": { ip: "192.0.2.2", interface: "ens4" },
    },
    tunnels: { "node-a": tunnel, "node-b": { ...tunnel, gateway: "10.1.0.0", remoteVtep: "192.0.2.1" } },
  };
}

export function makeFlow(more: Partial<Flow> = {}): Flow {
  return { id: "f0-http", path: makePath(), protocol: "tcp", probe: "http", ...more };
}

/** A flow whose packets never leave the tunnel of node-a. */
export const BREAK: BreakLocation = {
  ...{ flowId: "f0-http", status: "lost", direction: "request" },
  lastSeen: { node: "node-a", role: "tunnel", interface: "vxlan.calico" },
  firstMissing: { node: "node-a", role: "nic", interface: "ens4" },
};

export interface Call {
  readonly node: string;
  readonly action: string;
  readonly argv: Argv;
}

/** A node that answers by a function; what it does not answer fails as an unknown program does. */
export function fakeNode(
  node: string,
  answer: (argv: Argv, options: ExecOptions) => Partial<ExecResult> | Error = () => ({ exitCode: 127 }),
): { access: NodeAccess; calls: Call[] } {
  const calls: Call[] = [];
  const access: NodeAccess = {
    node,
    via: "ssh",
    exec: (argv, options) => {
      calls.push({ node, action: options.action, argv });
      const parts = commandsIn(argv)?.map((part) => answer(part, options));
      const fault = parts?.find((part) => part instanceof Error);
      const said = fault ?? (parts === undefined ? answer(argv, options) : { stdout: frameAll(parts) });
      if (said instanceof Error) return Promise.reject(said);
      const empty = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), exitCode: 0, signal: null };
      const flags = { timedOut: false, canceled: false, truncated: false, durationMs: 1 };
      return Promise.resolve({ node, argv, ...empty, ...flags, startedAt: "2026-01-01T00:00:00Z", ...said });
    },
    stream: (argv, { action }) => {
      calls.push({ node, action, argv });
      return endedStream(node, argv);
    },
    pull: () => Promise.reject(new Error("there is nothing to pull")),
    close: () => Promise.resolve(),
  };
  return { access, calls };
}

function frameAll(parts: readonly (Partial<ExecResult> | Error)[]): Buffer {
  return Buffer.from(frame(parts.map((part) => (part instanceof Error ? {} : part))));
}

/** A command that ends at once, as one that the node does not have. */
function endedStream(node: string, argv: Argv): NodeStream {
  const end = { exitCode: 127, signal: null, transportLost: false };
  async function* none(): AsyncGenerator<string> {}
  return {
    ...{ node, argv, write: () => undefined, end: () => undefined, stdoutLines: none() },
    ...{ stderrText: () => "sh: not found", done: Promise.resolve(end), kill: () => Promise.resolve(end) },
  };
}

export interface FakeContext {
  readonly context: StepContext;
  readonly files: Map<string, unknown>;
  readonly notes: string[];
  readonly incomplete: string[];
  readonly demands: LimitRequest[];
  readonly held: Map<string, unknown>;
  readonly releases: ((how: { interrupted: boolean }) => Promise<void>)[];
}

export function fakeContext(
  accesses: readonly NodeAccess[] = [],
  more: Partial<StepContext> = {},
): FakeContext {
  const files = new Map<string, unknown>();
  const notes: string[] = [];
  const incomplete: string[] = [];
  const demands: LimitRequest[] = [];
  const held = new Map<string, unknown>();
  const claimed = new Set<string>();
  const releases: FakeContext["releases"] = [];
  const context: StepContext = {
    runId: "0123456789ab",
    evidenceName: "step",
    scope: () => ({ inputs: {}, steps: {} }),
    ready: () => undefined,
    profile: { name: "test", nodes: [], cni: "auto", interfaces: {}, workDir: "/var/tmp" },
    accesses: trustAll(accesses),
    unreachable: new Map(),
    signal: new AbortController().signal,
    cancelled: new AbortController().signal,
    actionOf: () => "node/mutate",
    invoke: () => Promise.reject(new Error("not in this test")),
    startSandbox: () => Promise.reject(new Error("not in this test")),
    readPackets: () => {
      throw new Error("not in this test");
    },
    sink: {
      dir: "",
      path: localFile,
      writeJson: (path, value) => Promise.resolve(void files.set(path, value)),
      claim: (folder) => {
        if (claimed.has(folder)) return null;
        claimed.add(folder);
        return () => void claimed.delete(folder);
      },
      appendJson: (path, { key, records }) => {
        const known = (files.get(path) ?? {}) as Readonly<Record<string, readonly unknown[]>>;
        return Promise.resolve(void files.set(path, { [key]: [...(known[key] ?? []), ...records] }));
      },
      writeText: (path, text) => Promise.resolve(void files.set(path, text)),
      registerFile: () => undefined,
    },
    clock: systemClock,
    recipeDirs: [],
    note: (level, text) => void notes.push(`${level}: ${text}`),
    demand: (request) => void demands.push(request),
    markIncomplete: (reason) => void incomplete.push(reason),
    locateBreaks: () => Promise.resolve([]),
    followFlows: () => Promise.resolve([]),
    hold: (key, value, release) => {
      held.set(key, value);
      releases.push(release);
    },
    held: (key) => held.get(key),
    ...more,
  };
  return { context, files, notes, incomplete, demands, held, releases };
}
