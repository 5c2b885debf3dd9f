import { checkFilterText } from "../capture/index.js";
import { parseEnd } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import { ANY_INTERFACE } from "../model/points.js";

/** A point as a runbook names it; whatever else an object has is not looked at. */
export type PointInput = string | Readonly<Record<string, unknown>>;

/**
 * A point by names alone: where it is, hopbook finds out by itself. `only`: what has to fit there beside the filter of all
 * points; null: nothing more.
 */
export type NamedPoint =
  /** All pods that the text means. */
  | { readonly kind: "pods"; readonly text: string; readonly only: null }
  /** `interface` null: the one with the pod's address. `sandbox`: the one in which pod/locate found it. */
  | {
      readonly kind: "pod";
      readonly pod: string;
      readonly interface: string | null;
      readonly sandbox: string | null;
      readonly only: string | null;
    }
  | {
      readonly kind: "node";
      readonly node: string;
      readonly interface: string;
      readonly only: string | null;
    };

export const pointsSchema = {
  anyOf: [
    { type: "string", minLength: 1 },
    {
      type: "array",
      maxItems: 256,
      items: {
        anyOf: [
          { type: "string", minLength: 1 },
          {
            type: "object",
            properties: {
              pod: { type: "string", minLength: 1 },
              node: { type: "string", minLength: 1 },
              interface: { type: ["string", "null"] },
              filter: { type: "string" },
            },
            anyOf: [{ required: ["pod"] }, { required: ["node", "interface"] }],
          },
        ],
      },
    },
  ],
  title:
    "Where to capture in place of flows: pods as for pod/locate, `node/NAME`, `{pod, interface}`, `{node, interface}` " +
    "with `any` for all, pods of pod/locate, hops of a path; or a list. An object's `filter` has to fit there as well",
} as const;

/** What is meant, before any node is asked. Throws INPUT_INVALID. */
export function readPoints(points: PointInput | readonly PointInput[]): readonly NamedPoint[] {
  const list = typeof points === "string" || !Array.isArray(points) ? [points as PointInput] : points;
  if (list.length === 0) {
    throw new HopbookError("INPUT_INVALID", "Cannot capture: no pod and no node is named", {
      hint: "Name them: --pod shop/client for a pod, --node node-a for a node's own interfaces",
    });
  }
  return (list as readonly PointInput[]).map(readPoint);
}

function readPoint(point: PointInput): NamedPoint {
  if (typeof point === "string") {
    const end = parseEnd(point);
    if (end.kind === "node" && end.port === null) {
      return { kind: "node", node: end.name, interface: ANY_INTERFACE, only: null };
    }
    return { kind: "pods", text: point, only: null };
  }
  const { pod, node, interface: name, sandbox, filter } = point;
  const own = typeof filter === "string" ? checkFilterText(filter) : "";
  const only = own === "" ? null : own;
  if (typeof pod === "string") {
    if (parseEnd(pod).kind !== "pod") throw refuse(`${JSON.stringify(pod)} is no name of a pod`);
    return {
      ...{ kind: "pod", pod, interface: typeof name === "string" ? name : null },
      ...{ sandbox: typeof sandbox === "string" ? sandbox : null, only },
    };
  }
  if (typeof node === "string" && typeof name === "string")
    return { kind: "node", node, interface: name, only };
  throw refuse(`${JSON.stringify(point).slice(0, 120)} names neither a pod nor an interface of a node`);
}

function refuse(why: string): HopbookError {
  return new HopbookError("INPUT_INVALID", `Cannot capture at a point: ${why}`, {
    hint: "Write it as shop/client, {pod: shop/client, interface: eth0} or {node: node-a, interface: ens4}",
  });
}
