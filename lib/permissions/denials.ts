import type { Declared } from "./declared.js";
import type { Grant } from "./grant.js";
import { coversPattern, findRule, fitsRequest, type ListScope } from "./match.js";
import type { KubeRequest } from "./requests.js";

/** Whether no flag can grant a pattern any more, as far as that is plain to see. */
export function isDenied(grant: Grant, scope: ListScope, pattern: string): boolean {
  return (
    findRule(grant, "deny", { scope, fits: (value) => coversPattern(scope, value, pattern) }) !== undefined
  );
}

/** Whether all of a scope is denied. */
export function isScopeDenied(grant: Grant, scope: ListScope | "capture" | "shell"): boolean {
  return findRule(grant, "deny", { scope, fits: () => false }) !== undefined;
}

/** What denies a request to the cluster's API, as its rule says it; null where nothing does. */
export function findKubeDenial(grant: Grant, request: Omit<KubeRequest, "kind">): string | null {
  const fits = (value: string): boolean => fitsRequest(value, { scope: "kube", ...request });
  return findRule(grant, "deny", { scope: "kube", fits })?.by ?? null;
}

/** A shell can change, capture and send: whoever refuses all of one of these refuses it too. */
export function isShellDenied(grant: Grant): boolean {
  return (["shell", "mutate", "capture", "traffic"] as const).some((scope) => isScopeDenied(grant, scope));
}

/** What is declared and not denied: what there is to ask for. */
export function withoutDenied(declared: Declared, grant: Grant): Declared {
  const left = (scope: ListScope): readonly string[] =>
    declared[scope].filter((pattern) => !isDenied(grant, scope, pattern));
  return {
    node: declared.node,
    exec: left("exec"),
    capture: isScopeDenied(grant, "capture") ? null : declared.capture,
    traffic: left("traffic"),
    mutate: left("mutate"),
    shell: declared.shell && !isShellDenied(grant),
    read: left("read"),
    write: left("write"),
    net: left("net"),
    env: left("env"),
    kube: left("kube"),
  };
}
