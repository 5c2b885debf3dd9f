import { resolve } from "node:path";
import { ALL_VIAS, type Via } from "../model/access.js";
import type { PermissionsSpec } from "../model/permissions.js";
import { parseDuration, parseSize } from "../model/units.js";

export type { Via };

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
  /** Patterns of commands: see command-patterns.ts. */
  readonly mutate: readonly string[];
  readonly shell: boolean;
  /** Absolute paths. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly net: readonly string[];
  readonly env: readonly string[];
  /** `verb:resource[:namespace]`, one for each combination. */
  readonly kube: readonly string[];
}

const DEFAULT_CAPTURE_MS = 10 * 60_000;
const DEFAULT_CAPTURE_BYTES = 64 * 1024 * 1024;

/**
 * What a runbook declares. Defaults are those of the runbook's schema. `dir`: the runbook's folder, which relative
 * paths are relative to.
 */
export function declared(source: PermissionsSpec, dir = "/"): Declared {
  const { node, capture } = source;
  const absolute = (path: string): string => resolve(dir, path);
  return {
    node:
      node === undefined
        ? null
        : { via: node.via ?? ALL_VIAS, select: node.select ?? ["*"], max: node.max ?? Infinity },
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
    mutate: source.mutate ?? [],
    shell: source.shell ?? false,
    read: (source.read ?? []).map(absolute),
    write: (source.write ?? []).map(absolute),
    net: source.net ?? [],
    env: source.env ?? [],
    kube: (source.kube ?? []).flatMap(spellKube),
  };
}

function spellKube(request: NonNullable<PermissionsSpec["kube"]>[number]): string[] {
  const spaces = (request.namespaces ?? ["*"]).map((name) => (name === "*" ? "" : `:${name}`));
  return request.verbs.flatMap((verb) =>
    request.resources.flatMap((resource) => spaces.map((space) => `${verb}:${resource}${space}`)),
  );
}
