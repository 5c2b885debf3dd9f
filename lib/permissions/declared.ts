import type { NodeAccessConfig } from "../model/access.js";
import type { PermissionsSpec } from "../model/permissions.js";
import { parseDuration, parseSize } from "../model/units.js";

export type Via = NodeAccessConfig["via"];

/** All that a runbook asks for, defaults filled in. null and empty: nothing of the kind. */
export interface Declared {
  readonly node: {
    readonly via: readonly Via[];
    /** Node names; `*` stands for any letters. */
    readonly select: readonly string[];
    /** Infinity where the runbook sets no limit. */
    readonly max: number;
  } | null;
  /** Named actions; `*` stands for one whole part. */
  readonly exec: readonly string[];
  readonly capture: {
    readonly durationMs: number;
    readonly bytes: number;
    readonly payload: "headers" | "full";
    readonly filterRequired: boolean;
  } | null;
  readonly traffic: readonly string[];
}

const DEFAULT_CAPTURE_MS = 10 * 60_000;
const DEFAULT_CAPTURE_BYTES = 64 * 1024 * 1024;

/** What a runbook declares. Defaults are those of the runbook's schema. */
export function declared(source: PermissionsSpec): Declared {
  const { node, capture } = source;
  return {
    node:
      node === undefined
        ? null
        : { via: node.via ?? ["local", "ssh"], select: node.select ?? ["*"], max: node.max ?? Infinity },
    exec: source.exec ?? [],
    capture:
      capture === undefined
        ? null
        : {
            durationMs: parseDuration(capture.duration ?? "") ?? DEFAULT_CAPTURE_MS,
            bytes: parseSize(capture.bytes ?? "") ?? DEFAULT_CAPTURE_BYTES,
            payload: capture.payload ?? "headers",
            filterRequired: capture.filterRequired ?? true,
          },
    traffic: source.traffic ?? [],
  };
}

/** `worker-*` fits `worker-1`: a star stands for any letters of a node's name. */
export function fitsNode(pattern: string, node: string): boolean {
  const parts = pattern.split("*");
  const [first = "", ...rest] = parts;
  if (!node.startsWith(first)) return false;
  if (rest.length === 0) return node === first;
  const last = rest.pop() ?? "";
  let position = first.length;
  for (const part of rest) {
    const found = node.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return node.length - last.length >= position && node.endsWith(last);
}

/** `runtime/*` fits `runtime/pods`: a star is one whole part, never a piece of one. */
export function fitsAction(pattern: string, action: string): boolean {
  const wanted = action.split("/");
  const parts = pattern.split("/");
  return (
    parts.length === wanted.length && parts.every((part, index) => part === "*" || part === wanted[index])
  );
}
