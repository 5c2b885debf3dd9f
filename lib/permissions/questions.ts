import { formatDuration, formatSize } from "../model/units.js";
import { ACTIONS } from "./actions.js";
import { fitsAction, fitsNode, type Declared, type Via } from "./declared.js";
import { visible } from "./visible.js";

export interface AskedNode {
  readonly name: string;
  readonly via: Via;
  readonly address?: string | undefined;
}

/**
 * What a runbook asks for, as lines for a terminal, grouped by node: nodes for which the same is asked stand
 * together. Everything that came from a file is made visible.
 */
export function questions(declared: Declared, nodes: readonly AskedNode[]): string[] {
  const wanted = nodes.filter(({ name, via }) => selects(declared, name, via));
  if (wanted.length === 0) return ["It may not enter any of the cluster's nodes."];
  const { max } = declared.node as NonNullable<Declared["node"]>;
  const limit = wanted.length > max ? `, at most ${max} of them` : "";
  const heads = wanted.map((node) => `  ${describeNode(node)}`);
  return [
    `On ${wanted.length === 1 ? "this node" : `these ${wanted.length} nodes${limit}`}:`,
    ...heads,
    "it asks to:",
    ...describeDeclared(declared),
  ];
}

/** One line for each thing that is declared. */
export function describeDeclared(declared: Declared): string[] {
  const lines = declared.exec.map((pattern) => {
    const summaries = Object.entries(ACTIONS)
      .filter(([action]) => fitsAction(pattern, action))
      .map(([, { summary }]) => summary);
    return `  run ${visible(pattern)}: ${summaries.join("; ") || "no action has this name"}`;
  });
  const { capture, traffic } = declared;
  if (capture !== null) {
    const what = capture.payload === "full" ? "whole packets" : "headers of packets";
    const filter = capture.filterRequired ? ", only with a filter" : "";
    lines.push(
      `  capture ${what}: up to ${formatDuration(capture.durationMs)} and ${formatSize(capture.bytes)} on each node${filter}`,
    );
  }
  if (traffic.length > 0) lines.push(`  make traffic: ${traffic.map(visible).join(", ")}`);
  return lines;
}

function selects(declared: Declared, name: string, via: Via): boolean {
  const scope = declared.node;
  return scope !== null && scope.via.includes(via) && scope.select.some((pattern) => fitsNode(pattern, name));
}

function describeNode({ name, via, address }: AskedNode): string {
  const where = address === undefined ? "" : ` to ${visible(address)}`;
  return `${visible(name)} (${via}${where})`;
}
