import type { LiveCounts } from "../model/live/view.js";

/** What the follower on a node says, a line each. */
export type FollowLine =
  /** Unix time by the node's clock, in the middle of what it may be: `errorMs` to either side. */
  | { readonly type: "at"; readonly sec: number; readonly errorMs: number }
  | { readonly type: "size"; readonly hopId: string; readonly bytes: number }
  | { readonly type: "looked" }
  | { readonly type: "data"; readonly hopId: string; readonly block: number; readonly bytes: Uint8Array }
  | { readonly type: "count"; readonly hopId: string; readonly counts: LiveCounts }
  | { readonly type: "counted" }
  | { readonly type: "error"; readonly why: string };

const COUNT = /^[0-9]{1,15}$/;

/** null for a line that is none of the follower's. */
export function parseFollowLine(line: string): FollowLine | null {
  const [type, first = "", ...rest] = line.split(" ");
  switch (type) {
    case "at":
      if (!/^[0-9]{1,12}(\.[0-9]{1,9})?$/.test(first)) return null;
      // A clock without fractions is read somewhere within its second.
      return { type, sec: Number(first), errorMs: first.includes(".") ? 0 : 500 };
    case "size": {
      const bytes = toCount(rest[0]);
      return bytes === null ? null : { type, hopId: first, bytes };
    }
    case "data": {
      const block = toCount(rest[0]);
      return block === null
        ? null
        : { type, hopId: first, block, bytes: Buffer.from(rest[1] ?? "", "base64") };
    }
    case "count": {
      const [captured, received, droppedByKernel, droppedByInterface] = [0, 1, 2, 3].map((at) =>
        toCount(rest[at]),
      );
      return {
        type,
        hopId: first,
        counts: {
          ...{ captured: captured ?? null, received: received ?? null },
          ...{ droppedByKernel: droppedByKernel ?? null, droppedByInterface: droppedByInterface ?? null },
        },
      };
    }
    case "error":
      return { type, why: first === "tool" ? `it has no ${rest.join(" ")}` : [first, ...rest].join(" ") };
    case "looked":
    case "counted":
      return { type };
    default:
      return null;
  }
}

function toCount(text: string | undefined): number | null {
  return text !== undefined && COUNT.test(text) ? Number(text) : null;
}
