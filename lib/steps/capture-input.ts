import { checkFilterText, parseRing } from "../capture/index.js";
import type { NodeTools } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import type { Flow } from "../model/hops.js";
import type { StepContext, StepPlan } from "../model/steps.js";
import { findPoints, type FoundPoints } from "./capture-points.js";
import { flowSchema, toolsSchema, MAX_OBJECTS } from "./objects.js";
import { pointsSchema, readPoints, type PointInput } from "./point-input.js";
import { sizeSchema } from "./schema.js";

/** What every capture takes. */
export interface CaptureInput {
  readonly flows?: readonly Flow[];
  /** In place of flows. */
  readonly points?: PointInput | readonly PointInput[];
  /** Of points. */
  readonly filter?: string;
  readonly snaplen?: number;
  /** By node, from path/discover. */
  readonly tools?: Readonly<Record<string, NodeTools>>;
  readonly payload?: boolean;
  readonly maxBytes?: string | number;
  readonly minFree?: string | number;
  /** Of points, in place of maxBytes; empty for none. */
  readonly ring?: string;
  readonly freezes?: number;
}

const MOST_FREEZES = 20;
const RING_INPUT = "^([0-9]{1,3}x[0-9]+(\\.[0-9]+)?(MB|GB|MiB|GiB))?$";

export const captureProperties = {
  flows: {
    type: "array",
    minItems: 1,
    maxItems: MAX_OBJECTS,
    items: flowSchema,
    title: "Flows, from flow/define",
  },
  points: pointsSchema,
  filter: {
    type: "string",
    default: "",
    title: "What to capture at points: a tcpdump expression (pcap-filter(7)); empty for everything",
  },
  snaplen: {
    type: "integer",
    minimum: 32,
    maximum: 262144,
    title: "Bytes that are kept of each packet, in place of what `payload` says",
  },
  tools: { ...toolsSchema, title: "What the nodes have, from path/discover" },
  payload: { type: "boolean", default: false, title: "Whole packets in place of headers" },
  maxBytes: { ...sizeSchema, default: "64MiB", title: "Of one node, all hops together" },
  ring: {
    type: "string",
    pattern: RING_INPUT,
    default: "",
    title:
      "Of points: 10x100MiB goes round in ten files of 100 MiB a point, the oldest out first, in place of `maxBytes`; a node's are " +
      "one file a point at the end",
  },
  freezes: {
    type: "integer",
    minimum: 0,
    maximum: MOST_FREEZES,
    default: 0,
    title:
      "How often capture/freeze or trigger/wait may keep what the rings hold; each takes as much room again",
  },
  minFree: { ...sizeSchema, default: "64MiB", title: "Free disk on the node that is never gone below" },
} as const;

export const captureObjects = { flows: "flow", tools: "node's tools" } as const;

/** With which points are found, and their filter is checked. */
export const POINT_ACTIONS = [
  ...["runtime/pods", "runtime/inspect", "node/read", "netns/read", "capture/check"],
] as const;
/** Looks at what is to be captured before any node is asked. Throws INPUT_INVALID. */
export function checkCaptureInput({
  flows,
  points,
  filter,
  tools,
  payload,
  snaplen,
  ring = "",
  freezes = 0,
}: CaptureInput): void {
  const refuse = (why: string, hint: string): HopbookError =>
    new HopbookError("INPUT_INVALID", `Cannot capture: ${why}`, { hint });
  if (flows === undefined && points === undefined) {
    throw refuse("neither flows nor points are given", "Give flows of flow/define, or points with a filter");
  }
  if (flows !== undefined && points !== undefined) {
    throw refuse(
      "both flows and points are given",
      "Give the one or the other: a run has one set of captures",
    );
  }
  if (points === undefined && filter !== undefined) {
    throw refuse("a filter is given with flows, which have their own", "Leave filter out, or give points");
  }
  if (ring === "" && freezes > 0) {
    throw refuse("freezes are given without a ring", "Give a ring: what captures write without one is kept");
  }
  if (ring !== "") {
    parseRing(ring);
    if (points === undefined) {
      throw refuse(
        "a ring is given with flows",
        "Give points: what one hop's ring has overwritten would look lost at another",
      );
    }
  }
  if (points !== undefined && tools !== undefined) {
    throw refuse("tools are given with points, whose nodes are asked anew", "Leave tools out");
  }
  if (snaplen !== undefined && snaplen > MOST_HEADERS_BYTES && payload !== true) {
    throw refuse(
      `snaplen ${snaplen} keeps more than headers`,
      `Set payload, or at most ${MOST_HEADERS_BYTES} bytes: whole packets need a permission of their own`,
    );
  }
  checkFilterText(filter ?? "");
  if (points !== undefined) readPoints(points);
}

/** What counts as headers only, by the permission for captures. */
const MOST_HEADERS_BYTES = 512;

/** Where points are, by their nodes; null where flows are captured. */
export async function findPointsOf(input: CaptureInput, context: StepContext): Promise<FoundPoints | null> {
  checkCaptureInput(input);
  const { points, filter = "" } = input;
  return points === undefined ? null : findPoints({ points, filter }, context);
}

/** What was found when the step was planned. */
export function foundOf({ kept }: StepPlan): FoundPoints | null {
  return (kept ?? null) as FoundPoints | null;
}
