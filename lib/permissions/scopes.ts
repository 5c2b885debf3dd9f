/** What a permission can be for. Each is declared, granted and denied apart. */
export const SCOPES = [
  "node",
  "exec",
  "capture",
  "traffic",
  "mutate",
  "shell",
  "read",
  "write",
  "net",
  "env",
  "kube",
] as const;

export type Scope = (typeof SCOPES)[number];

interface ScopeDescription {
  /** What stands behind the flag; brackets where it may be left out, and the flag then means all. */
  readonly value: string;
  /** Behind "grant" and "refuse". */
  readonly text: string;
  /** How a flag's value is cut into several: at commas, or not at all where words may hold one. */
  readonly list: boolean;
  /** For the reference. */
  readonly example: string;
}

/** The scopes as flags and profiles have them. */
export const SCOPE_DESCRIPTIONS: Readonly<Record<Scope, ScopeDescription>> = {
  node: {
    value: "[NAMES]",
    text: "logging in to these nodes; * stands for any letters",
    list: true,
    example: "node-a,worker-*",
  },
  exec: {
    value: "[ACTIONS]",
    text: "these named actions, such as runtime/pods,node/read",
    list: true,
    example: "runtime/*,node/read",
  },
  capture: {
    value: "[LIMITS]",
    text: "captures, such as 30s,64MiB,headers",
    list: true,
    example: "30s,64MiB",
  },
  traffic: {
    value: "[PROBES]",
    text: "making this traffic, such as ping,http",
    list: true,
    example: "ping,http",
  },
  mutate: {
    value: "[COMMAND]",
    text: "commands that change nodes; * is one word, ** at the end any more",
    list: false,
    example: "ip link set * up",
  },
  shell: {
    value: "",
    text: "shells and interpreters on nodes, which can do anything",
    list: false,
    example: "",
  },
  read: {
    value: "[PATHS]",
    text: "scripts reading these files of this machine",
    list: true,
    example: "./data",
  },
  write: {
    value: "[PATHS]",
    text: "scripts writing these files of this machine",
    list: true,
    example: "./out",
  },
  net: {
    value: "[HOSTS]",
    text: "scripts fetching from these hosts (host or host:port)",
    list: true,
    example: "status.example.org:443",
  },
  env: {
    value: "[NAMES]",
    text: "scripts reading these environment variables",
    list: true,
    example: "LANG,LC_*",
  },
  kube: {
    value: "[REQUESTS]",
    text: "requests to the Kubernetes API, as verb:resource[:namespace]",
    list: true,
    example: "get:pods:shop,list:nodes",
  },
};
