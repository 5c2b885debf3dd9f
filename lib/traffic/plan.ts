import type { Argv } from "../model/access.js";
import type { FlowAddress } from "../model/evidence.js";
import { tagOf, type ProbeKind } from "../model/traffic.js";
import { targetOf as wayTo, type Flow } from "../model/hops.js";
import { checkOptions, refuse, targetOf, type ProbeOptions } from "./check.js";
import { buildDatagram, buildQuery, escapeBytes, framedForTcp, queryIdOf } from "./payloads.js";
import { ipVersion, isAddress } from "../linux/address.js";
import { bracketIp } from "../linux/endpoint.js";
import { NAMES_SCRIPT, NAMES_SCRIPT_NAME } from "./dns/names.js";
import { RESOLVER_SCRIPT } from "./dns/resolver-script.js";
import { buildClientHello } from "./tls/client-hello.js";
import { HTTPS_SCRIPT } from "./tls/https-script.js";
import { TCP_SCRIPT } from "./tcp-script.js";
import { UDP_SCRIPT } from "./udp-script.js";

const PROBE_ACTION = "netns/probe";

/** The texts of the constant scripts by their `$0`. */
export const PROBE_SCRIPTS: Readonly<Record<string, string>> = {
  "hopbook-probe-udp": UDP_SCRIPT,
  "hopbook-probe-tcp": TCP_SCRIPT,
  "hopbook-probe-https": HTTPS_SCRIPT,
  "hopbook-resolver": RESOLVER_SCRIPT,
  [NAMES_SCRIPT_NAME]: NAMES_SCRIPT,
};

export interface ProbePlan {
  readonly flowId: string;
  readonly kind: ProbeKind;
  readonly node: string;
  readonly argv: Argv;
  readonly action: "netns/probe";
  readonly to: FlowAddress;
  /** Hex of the bytes that mark our payload; null where the protocol has no room for them. */
  readonly tagHex: string | null;
  /**
   * null: iputils before 20211215 refuses `-e`, and the plan is made before the node's ping is known. The
   * pattern tells our echoes from others'.
   */
  readonly icmpId: number | null;
  /** Bound for the whole command: attempts overlap. */
  readonly timeoutMs: number;
  /** Of one attempt, and between their starts. */
  readonly attempts: { readonly count: number; readonly intervalMs: number; readonly timeoutMs: number };
}

/** For the start of processes on a busy node, and an ssh round trip. */
const SLACK_MS = 5000;
const DEFAULT_HTTPS_PORT = 443;
const DEFAULT_MTU_BYTES = 1500;
/** IP and ICMP headers in front of ping's payload (RFC 791, RFC 8200). */
const PING_HEADER_BYTES = { 4: 28, 6: 48 } as const;

/**
 * The command that probes a flow from its first end's network namespace, with the node's own tools. Pure.
 * Throws INPUT_INVALID where the flow has no probe, starts outside the cluster, or an option is out of range.
 */
export function planProbe(flow: Flow, given: ProbeOptions): ProbePlan {
  const options = given.queries === undefined ? given : { ...given, count: given.queries.length };
  checkOptions(options);
  const { from } = flow.path;
  const kind = flow.probe;
  if (kind === null) throw refuse("probe", flow.id, "Name a kind of probe, or only watch");
  if (from.node === null || from.netns === null)
    throw refuse("origin", from.text, "Probe from a pod or a node: nothing can be run elsewhere");
  const to = targetOf(flow, kind);
  const tagHex = tagOf(options.runTag, flow.id);
  const command = commandOf({ flow, kind, to, tagHex, options });
  const { count, intervalMs, timeoutMs } = options;
  return {
    flowId: flow.id,
    kind,
    node: wayTo({ ...from, node: from.node }),
    argv: from.netns.kind === "path" ? ["nsenter", `--net=${from.netns.path}`, ...command] : command,
    action: PROBE_ACTION,
    to,
    tagHex: carriesTag(kind) ? tagHex : null,
    icmpId: null,
    timeoutMs: count * intervalMs + timeoutMs + SLACK_MS,
    attempts: { count, intervalMs, timeoutMs },
  };
}

/** Where the tag's bytes are in packets as they are. (HTTP has it in a header, as hex digits.) */
function carriesTag(kind: ProbeKind): boolean {
  return kind === "ping" || kind === "ping-large" || kind === "udp";
}

interface CommandParts {
  readonly flow: Flow;
  readonly kind: ProbeKind;
  readonly to: FlowAddress;
  readonly tagHex: string;
  readonly options: ProbeOptions;
}

function commandOf(parts: CommandParts): Argv {
  const { kind, to, tagHex, options } = parts;
  const sequence = Array.from({ length: options.count }, (_, index) => index + 1);
  const query = (seq: number): Buffer => {
    const asked = options.queries?.[seq - 1];
    const family = asked === undefined ? ipVersion(to.ip) : asked.type === "A" ? 4 : 6;
    return buildQuery(asked?.name ?? options.dnsName, { id: queryIdOf(tagHex, seq), family });
  };
  const hello = (seq: number): Buffer =>
    buildClientHello((options.serverName ?? "").replace(/\.$/, ""), `${tagHex}-${seq}`);
  switch (kind) {
    case "ping":
    case "ping-large":
      return pingArgv(parts);
    case "udp":
      return scriptArgv(parts, {
        mode: "datagram",
        payloads: sequence.map((seq) => escapeBytes(buildDatagram(tagHex, seq))),
      });
    case "dns-udp":
      return scriptArgv(parts, {
        mode: "datagram",
        payloads: sequence.map((seq) => escapeBytes(query(seq))),
      });
    case "dns-tcp":
      return scriptArgv(parts, {
        mode: "dns",
        payloads: sequence.map((seq) => escapeBytes(framedForTcp(query(seq)))),
      });
    case "tls":
      return scriptArgv(parts, { mode: "tls", payloads: sequence.map((seq) => escapeBytes(hello(seq))) });
    case "https": {
      const name = (options.serverName ?? "").replace(/\.$/, "");
      const port = to.port === DEFAULT_HTTPS_PORT ? "" : `:${to.port ?? ""}`;
      const host = `${name === "" || isAddress(name) ? bracketIp(to.ip) : name}${port}`;
      const asked = name === "" || isAddress(name) ? "-" : name;
      return scriptArgv(parts, {
        mode: "https",
        payloads: sequence.map(
          (seq) => `${seq} ${asked} ${tagHex}-${seq} ${options.httpPath} ${host} ${escapeBytes(hello(seq))}`,
        ),
      });
    }
    case "tcp-connect":
      return scriptArgv(parts, { mode: "connect", payloads: sequence.map(() => "") });
    case "http": {
      const host = `${bracketIp(to.ip)}:${to.port ?? 80}`;
      const request = (seq: number): string =>
        `http://${host}${options.httpPath} ${tagHex}-${seq} ${options.httpPath} ${host}`;
      return scriptArgv(parts, { mode: "http", payloads: sequence.map(request) });
    }
  }
}

const TCP = ["hopbook-probe-tcp", TCP_SCRIPT] as const;
const SCRIPTS: Readonly<Record<string, readonly [name: string, text: string]>> = {
  datagram: ["hopbook-probe-udp", UDP_SCRIPT],
  https: ["hopbook-probe-https", HTTPS_SCRIPT],
};

function scriptArgv(parts: CommandParts, work: { mode: string; payloads: readonly string[] }): Argv {
  const { to, options } = parts;
  const [name, script] = SCRIPTS[work.mode] ?? TCP;
  const times = [String(options.intervalMs), String(options.timeoutMs)];
  return ["sh", "-c", script, name, work.mode, to.ip, String(to.port), ...times, ...work.payloads];
}

/** ping(8) of iputils. -D and -O give each line its time, also where nothing answers. */
function pingArgv({ flow, kind, to, tagHex, options }: CommandParts): Argv {
  const size = kind === "ping" ? 56 : largestPayload(flow, to.ip);
  const times = [
    "-c",
    String(options.count),
    "-i",
    inSeconds(options.intervalMs),
    "-W",
    inSeconds(options.timeoutMs),
  ];
  const noFragments = kind === "ping" ? [] : ["-M", "do"];
  return ["ping", "-n", "-D", "-O", ...times, "-s", String(size), ...noFragments, "-p", tagHex, to.ip];
}

/** What just fits the first hop's MTU: a smaller one further on is then seen. */
function largestPayload(flow: Flow, ip: string): number {
  const mtuBytes = flow.sizeBytes ?? flow.path.hops[0]?.mtuBytes ?? DEFAULT_MTU_BYTES;
  return Math.max(56, Math.min(65_535, mtuBytes) - PING_HEADER_BYTES[ipVersion(ip)]);
}

function inSeconds(ms: number): string {
  return String(ms / 1000);
}
