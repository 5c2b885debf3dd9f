/**
 * What people call an option that hopbook and other tools have by other names, a meaning a line. Of those that a command has,
 * the first of its line is meant: what a runbook calls its inputs stands before the words for them.
 */
export const MEANINGS: readonly (readonly string[])[] = [
  ["from", "src", "source", "client", "sender", "origin", "pod"],
  ["to", "dst", "dest", "destination", "target", "server", "service", "svc", "endpoint", "address", "ip"],
  ["pod", "pods", "pod-name", "workload", "deployment", "from", "selector", "label"],
  ["watch", "duration", "time", "period", "minutes", "seconds", "hours", "length", "longest", "how-long"],
  ["wait", "timeout", "time-out", "deadline"],
  ["filter", "bpf", "expression", "expr", "pcap-filter"],
  ["interface", "iface", "device", "dev", "nic"],
  ["count", "number", "packets", "tries", "attempts", "repeat", "requests", "times"],
  ["name", "dns-name", "hostname", "host", "domain", "query", "lookup", "fqdn"],
  ["node", "nodes", "worker", "host"],
  ["yes", "assume-yes", "auto-approve", "non-interactive", "force"],
  ["out", "dir", "folder", "directory", "output-dir", "output-folder", "artifacts"],
  ["output", "format"],
  ["context", "kube-context", "ctx"],
  ["kubeconfig", "kube-config", "config"],
  ["namespace", "ns"],
  ["cluster", "profile", "cluster-profile"],
  ["sizes", "size", "mtu", "packet-size"],
  ["max-bytes", "size", "max-size", "limit", "bytes"],
  ["max", "most", "limit", "max-connections"],
  ["interval", "every", "delay", "gap"],
  ["url", "uri"],
  ["http-path", "path", "uri", "url"],
  ["server-name", "sni", "tls-name"],
  ["payload", "full", "snaplen"],
  ["protocol", "proto"],
  ["family", "ip-version", "ipv4", "ipv6"],
  ["slow", "threshold", "latency"],
  ["max-loss", "loss", "threshold", "tolerate"],
  ["backend", "endpoint"],
  ["via", "access", "method"],
  ["image", "tools-image", "debug-image"],
  ["detach", "background", "daemon"],
];

/** They ask for what another command does. */
export const PLAN_WORDS: ReadonlySet<string> = new Set([
  "dry-run",
  "dryrun",
  "what-if",
  "noop",
  "explain",
  "show-commands",
]);
