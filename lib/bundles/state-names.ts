import type { StateKind } from "../model/evidence.js";

/** What the name of a file says: which command's output it is, and whose. */
interface StateName {
  readonly kind: StateKind;
  /** null: its folder, or the bundle itself, says it. */
  readonly node: string | null;
  /** `namespace/name`, or what a network namespace is called; null: the node's own. */
  readonly pod: string | null;
}

const ENDING = /\.(?:txt|json|out|log|md|v4|v6)$/i;
/** Of what iproute2 is given before its object. */
const FLAG = /^(?:[jsdo46]|details?|json|statistics)$/;

type Words = readonly string[];

/** By the first word of the command: which look it is; null: none of them. */
const COMMANDS: Readonly<Record<string, (rest: Words) => StateKind | null>> = {
  ip: (rest) =>
    ofObject(
      rest.find((word) => !FLAG.test(word)),
      rest,
    ),
  bridge: (rest) => (rest.includes("fdb") ? "fdb" : null),
  iptables: () => "iptables",
  ip6tables: () => "ip6tables",
  nft: () => "nftables",
  nftables: () => "nftables",
  ss: () => "sockets",
  sockets: () => "sockets",
  sysctl: () => "sysctls",
  sysctls: () => "sysctls",
  links: () => "links",
  addresses: () => "addresses",
  routes: () => "routes",
  rules: () => "rules",
  neighbours: () => "neighbours",
  fdb: () => "fdb",
};

function ofObject(object: string | undefined, rest: Words): StateKind | null {
  if (object === undefined || rest.includes("get") || rest.includes("cache")) return null;
  const among = (name: string, least: number): boolean => object.length >= least && name.startsWith(object);
  if (among("link", 1)) return "links";
  if (among("address", 1) || object === "addresses") return "addresses";
  if (object === "rule" || object === "rules" || object === "ru") return "rules";
  if (among("route", 1) || object === "routes") return "routes";
  if (among("neighbour", 1) || among("neighbor", 2) || object === "neighbours") return "neighbours";
  return null;
}

/** The words of a name that stand together: `ip_-s_-d_link` has ip, s, d, link. */
function wordsOfName(text: string): Words {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

function findKind(text: string): StateKind | null {
  const words = wordsOfName(text);
  for (let at = words.length - 1; at >= 0; at -= 1) {
    const word = words[at] ?? "";
    const kind = Object.hasOwn(COMMANDS, word) ? COMMANDS[word]?.(words.slice(at + 1)) : undefined;
    if (kind !== null && kind !== undefined) return kind;
  }
  return null;
}

/** Copies of a machine's own files, which no command printed. */
const OWN_FILES = new Set(["etc", "proc", "sys"]);
/** Where sos and bugtool put one command's output a file, named by the command. */
const BY_COMMAND = /(?:^|\/)(?:sos_commands\/|[^/]*bugtool-[^/]*\/cmd\/)/;

/**
 * What must-gather's scripts call their files (openshift/must-gather, collection-scripts): gather_host_network_logs puts the node behind the
 * command (`ip-route4-master-0.log`), gather_sos_networking its address before it (`10.0.0.5-ip -s -d link.log`).
 */
const BY_SCRIPT: readonly RegExp[] = [
  /(?:^|\/)host_network_logs\/(?<command>ip-(?:address|route))[46]?-(?<node>[^/]+)\.log$/,
  /(?:^|\/)sos_info\/networking\/(?<node>[^/ ]+)-(?<command>ip [^/]+)\.log$/,
];

/** `path` is relative to the bundle. null: it is no output of a command that is known. */
export function readStateName(path: string): StateName | null {
  for (const pattern of BY_SCRIPT) {
    const { command = "", node = null } = pattern.exec(path)?.groups ?? {};
    const kind = findKind(command);
    if (kind !== null) return { kind, node, pod: null };
  }
  const folders = path.split("/");
  const name = (folders.pop() ?? "").replace(ENDING, "");
  if (folders.some((folder) => OWN_FILES.has(folder)) || name.startsWith("logs-")) return null;
  if (BY_COMMAND.test(path) && !Object.hasOwn(COMMANDS, wordsOfName(name)[0] ?? "")) return null;
  const kind = findKind(name);
  if (kind === null) return null;
  return { kind, node: nodeOfName(name), pod: podOfPath(path) };
}

/** What stands before the command, parted from it by a point: `node-a.ip-route`. */
function nodeOfName(name: string): string | null {
  const parts = name.split(".");
  const at = parts.findIndex((part) => findKind(part) !== null);
  const node = parts.slice(0, at).filter((part, index) => index > 0 || part !== "pod");
  const end = node.indexOf("pod");
  return (end < 0 ? node : node.slice(0, end)).join(".") || null;
}

/**
 * Whose network namespace a path is about: `pod.shop_web`, `pod-shop_web-` and `pods/shop_web/` say a pod, `netns/cni-1/` and
 * sosreport's `namespaces/cni-1/` one by its name, as do files of
 * older sosreports, which lie flat (`networking/ip_netns_exec_cni-1_ip_address_show`). null: the node's own.
 */
export function podOfPath(path: string): string | null {
  const [, namespace, pod] =
    /(?:^|[./-])pods?[./-]([a-z0-9-]{1,63})_([a-z0-9-]{1,253}?)(?=[./]|-[a-z0-9]+(?:-\d+)?\.[a-z]+$)/.exec(
      path,
    ) ?? [];
  if (namespace !== undefined && pod !== undefined) return `${namespace}/${pod}`;
  return (
    /(?:^|\/)(?:netns|networking\/namespaces)\/([^/]{1,255})\//.exec(path)?.[1] ??
    /\/networking\/ip_netns_exec_([^/]{1,255}?)_(?:ip|ss|sysctl|netstat|nstat|iptables|ip6tables|ethtool)[_-][^/]*$/.exec(
      path,
    )?.[1] ??
    null
  );
}
