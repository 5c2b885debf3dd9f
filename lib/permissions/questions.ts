import { formatDuration, formatSize } from "../model/units.js";
import { ACTIONS } from "./commands/actions.js";
import type { Declared, Via } from "./declared.js";
import { describeAction } from "./commands/describe-action.js";
import { fitsName } from "../model/names.js";
import { fitsAction } from "./patterns/names.js";
import { visible } from "../model/visible.js";

interface AskedNode {
  readonly name: string;
  readonly via: Via;
  readonly address?: string | undefined;
}

/** Things that are asked for together: on the same nodes, or of this machine. All text is safe to print. */
export interface QuestionGroup {
  /** What it is about, and where: the nodes, one a line. */
  readonly head: readonly string[];
  /** What it asks for, one line each. */
  readonly lines: readonly string[];
  /** The exact commands and patterns behind these lines. */
  readonly details: readonly string[];
  /** Whether it can change something. */
  readonly changes: boolean;
}

/**
 * What a runbook asks for, grouped: what only looks, captures and makes traffic on the nodes, what changes them, what
 * its scripts want of this machine, what it asks of the Kubernetes API. Everything that came from a file is made visible.
 */
export function questions(declared: Declared, nodes: readonly AskedNode[]): QuestionGroup[] {
  const wanted = nodes.filter(({ name, via }) => selects(declared, name, via));
  const max = declared.node?.max ?? 0;
  const limit = wanted.length > max ? `, at most ${max} of them` : "";
  const where = wanted.length === 1 ? "this node" : `these ${wanted.length} nodes${limit}`;
  const heads = wanted.map((node) => `  ${describeNode(node)}`);
  const groups: QuestionGroup[] = [
    {
      head: [`On ${where}:`, ...heads, "it asks to:"],
      lines: ["  log in", ...describeReads(declared)],
      details: detailReads(declared),
      changes: false,
    },
    {
      head: [`On ${where}:`, ...heads, "it asks to CHANGE things:"],
      lines: describeChanges(declared),
      details: declared.shell
        ? [...describeAction("node/shell"), ...describeAction("node/mutate")]
        : describeAction("node/mutate"),
      changes: true,
    },
  ];
  const nodeGroups = wanted.length === 0 ? [] : groups.filter(({ lines }) => lines.length > 0);
  return [...nodeGroups, ...localGroups(declared)];
}

function localGroups(declared: Declared): QuestionGroup[] {
  const machine = describeMachine(declared);
  const kube = declared.kube.map((request) => `  ${visible(request)}`);
  return [
    {
      head: ["On this machine its scripts ask to:"],
      lines: machine,
      details: [
        "  files: links are followed before they are compared; /proc, /sys and /dev are never granted",
      ],
      changes: declared.write.length > 0,
    },
    {
      head: ["Of the Kubernetes API it asks for:"],
      lines: kube,
      details: ["  verb:resource[:namespace]; without a namespace of all of them"],
      changes: declared.kube.some((request) => !/^(get|list|watch):/.test(request)),
    },
  ].filter(({ lines }) => lines.length > 0);
}

/** One line for each thing that is declared. */
export function describeDeclared(declared: Declared): string[] {
  return [
    ...describeReads(declared),
    ...describeChanges(declared),
    ...describeMachine(declared),
    ...declared.kube.map((request) => `  ask the Kubernetes API: ${visible(request)}`),
  ];
}

function describeReads({ exec, capture, traffic }: Declared): string[] {
  const lines = exec.map((pattern) => {
    const summaries = actionsOf(pattern).map(([, { summary }]) => summary);
    return `  run ${visible(pattern)}: ${summaries.join("; ") || "no action has this name"}`;
  });
  if (capture !== null) {
    const what = capture.payload === "full" ? "whole packets" : "headers of packets";
    const filter = capture.filterRequired ? ", only with a filter" : "";
    lines.push(
      `  capture ${what}: up to ${formatDuration(capture.durationMs)} and ${formatSize(capture.bytes)} on each node${filter}`,
    );
  }
  if (traffic.length > 0) lines.push(`  make traffic: ${traffic.map((probe) => visible(probe)).join(", ")}`);
  return lines;
}

function describeChanges({ mutate, shell }: Declared): string[] {
  const lines = mutate.map((pattern) => `  change: ${visible(pattern)}`);
  if (shell) lines.push("  run shells and interpreters with text of the runbook: ANYTHING at all, as root");
  return lines;
}

function describeMachine({ read, write, net, env }: Declared): string[] {
  return [
    ...read.map((path) => `  read ${visible(path)}`),
    ...write.map((path) => `  write ${visible(path)}`),
    ...net.map((host) => `  fetch from ${visible(host)}`),
    ...env.map((name) => `  read the environment variable ${visible(name)}`),
  ];
}

function detailReads({ exec }: Declared): string[] {
  const names = new Set(exec.flatMap((pattern) => actionsOf(pattern).map(([action]) => action)));
  return [...names].flatMap(describeAction);
}

function actionsOf(pattern: string): [string, (typeof ACTIONS)[string]][] {
  return Object.entries(ACTIONS).filter(
    ([action, { scope }]) => scope === undefined && fitsAction(pattern, action),
  );
}

function selects(declared: Declared, name: string, via: Via): boolean {
  const scope = declared.node;
  return scope !== null && scope.via.includes(via) && scope.select.some((pattern) => fitsName(pattern, name));
}

function describeNode({ name, via, address }: AskedNode): string {
  const where = address === undefined ? "" : ` to ${visible(address)}`;
  return `${visible(name)} (${via}${where})`;
}
