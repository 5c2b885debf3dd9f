import type { Right } from "./rights.js";

const pods = { group: "", resource: "pods" } as const;

/** A command in a container. The socket is opened by a GET, and since 1.35 the API wants `create` as well. */
function execIn(namespace: string): readonly Right[] {
  return ["get", "create"].map((verb) => ({ ...pods, verb, subresource: "exec", namespace }));
}

/** To make a pod, see what becomes of it, run commands in it, and take it away. */
export function podRights(namespace: string): readonly Right[] {
  const own = ["create", "get", "delete"].map((verb): Right => ({ ...pods, verb, namespace }));
  return [...own, ...execIn(namespace)];
}

/** What each way into a pod that is there needs. */
export function podWayRights(via: "ephemeral" | "podExec", namespace: string): readonly Right[] {
  const look: Right = { ...pods, verb: "get", namespace };
  const patch: Right = { ...pods, verb: "patch", subresource: "ephemeralcontainers", namespace };
  return via === "ephemeral" ? [look, patch, ...execIn(namespace)] : [look, ...execIn(namespace)];
}

/** What finds the ends of a path: without one of these something has to be named in another way. */
export const FACT_RIGHTS: readonly Right[] = [
  { group: "", resource: "nodes", verb: "get" },
  { group: "", resource: "nodes", verb: "list" },
  { group: "", resource: "namespaces", verb: "list" },
];

export function factRightsIn(namespace: string): readonly Right[] {
  return [
    { group: "", resource: "pods", verb: "list", namespace },
    { group: "", resource: "services", verb: "get", namespace },
    { group: "discovery.k8s.io", resource: "endpointslices", verb: "list", namespace },
  ];
}
