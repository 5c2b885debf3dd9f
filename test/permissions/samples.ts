import type { PermissionsSpec } from "../../lib/model/permissions.js";
import type { GrantFlags, PermissionRequest, Scope } from "../../lib/permissions/index.js";

/** A runbook that declares something of every scope. */
export const EVERYTHING: PermissionsSpec = {
  node: { via: ["ssh"], select: ["node-*"], max: 2 },
  exec: ["runtime/pods", "node/read"],
  capture: { duration: "30s", bytes: "10MiB", payload: "headers" },
  traffic: ["ping"],
  mutate: ["ip link set * up"],
  shell: true,
  read: ["/data"],
  write: ["/out"],
  net: ["status.example:443"],
  env: ["LC_*"],
  kube: [{ verbs: ["get"], resources: ["pods"], namespaces: ["shop"] }],
};

const AT = { node: "node-a", via: "ssh" } as const;

/** For each scope something that this declaration covers. */
export const REQUESTS: Readonly<Record<Scope, PermissionRequest>> = {
  node: { kind: "node", ...AT },
  exec: { kind: "exec", ...AT, action: "runtime/pods", argv: ["crictl", "pods", "-o", "json"] },
  capture: { kind: "capture", ...AT, durationMs: 30_000, bytes: 1000, payload: "headers", filter: "icmp" },
  traffic: { kind: "traffic", ...AT, probe: "ping" },
  mutate: { kind: "exec", ...AT, action: "node/mutate", argv: ["ip", "link", "set", "eth0", "up"] },
  shell: { kind: "exec", ...AT, action: "node/shell", argv: ["sh", "-c", "id"] },
  read: { kind: "read", path: "/data/x" },
  write: { kind: "write", path: "/out/x" },
  net: { kind: "net", host: "status.example", port: 443 },
  env: { kind: "env", name: "LC_ALL" },
  kube: { kind: "kube", verb: "get", resource: "pods", namespace: "shop" },
};

/** For each scope something that it does not cover. */
export const BEYOND: Readonly<Record<Scope, PermissionRequest>> = {
  node: { kind: "node", node: "worker", via: "ssh" },
  exec: { kind: "exec", ...AT, action: "runtime/inspect", argv: ["crictl", "inspectp", "x"] },
  capture: { kind: "capture", ...AT, durationMs: 31_000, bytes: 1000, payload: "headers", filter: "icmp" },
  traffic: { kind: "traffic", ...AT, probe: "http" },
  mutate: { kind: "exec", ...AT, action: "node/mutate", argv: ["ip", "link", "set", "eth0", "down"] },
  shell: { kind: "exec", ...AT, action: "node/shell", argv: ["sh", "-c", "\0"] },
  read: { kind: "read", path: "/database" },
  write: { kind: "write", path: "/data/x" },
  net: { kind: "net", host: "status.example", port: 80 },
  env: { kind: "env", name: "HOME" },
  kube: { kind: "kube", verb: "get", resource: "pods", namespace: "prod" },
};

/** A flag for each scope that grants what REQUESTS asks for. */
export const ALLOW: Readonly<Record<Scope, GrantFlags>> = {
  node: { allowNode: "node-a" },
  exec: { allowExec: "runtime/*,node/read" },
  capture: { allowCapture: "30s,10MiB,headers" },
  traffic: { allowTraffic: "ping" },
  mutate: { allowMutate: "ip link set eth0 up" },
  shell: { allowShell: true },
  read: { allowRead: "/data/x" },
  write: { allowWrite: "/out" },
  net: { allowNet: "status.example" },
  env: { allowEnv: "LC_ALL" },
  kube: { allowKube: "get:pods:shop" },
};

/** A flag for each scope that denies it. */
export const DENY: Readonly<Record<Scope, GrantFlags>> = {
  node: { denyNode: "node-*" },
  exec: { denyExec: "runtime/pods" },
  capture: { denyCapture: true },
  traffic: { denyTraffic: "ping" },
  mutate: { denyMutate: "ip **" },
  shell: { denyShell: true },
  read: { denyRead: "/data" },
  write: { denyWrite: "/out/x" },
  net: { denyNet: "*.example" },
  env: { denyEnv: "LC_*" },
  kube: { denyKube: "*:pods" },
};

/** What is declared without one scope. */
export function without(scope: Scope): PermissionsSpec {
  return Object.fromEntries(Object.entries(EVERYTHING).filter(([name]) => name !== scope));
}

/** The flags of all scopes but some. */
export function allowAllBut(...left: readonly Scope[]): GrantFlags {
  const entries = Object.entries(ALLOW).filter(([scope]) => !left.includes(scope as Scope));
  return Object.assign({}, ...entries.map(([, flags]) => flags)) as GrantFlags;
}
