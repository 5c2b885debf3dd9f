import { HopbookError } from "../errors.js";
import { isAddress } from "../linux/address.js";
import type { FlowAddress } from "../model/evidence.js";
import type { ProbeKind } from "../model/traffic.js";
import type { Flow } from "../model/hops.js";

export interface ProbeOptions {
  /** Attempts, 1 to 100. */
  readonly count: number;
  /** Between the starts of two attempts, 10 to 60,000. */
  readonly intervalMs: number;
  /** How long each one waits for its answer, 50 to 60,000. */
  readonly timeoutMs: number;
  /** 12 hex digits, the run's own. */
  readonly runTag: string;
  /** What DNS probes ask for. */
  readonly dnsName: string;
  /** Path and query that an HTTP probe gets: `/healthz`. */
  readonly httpPath: string;
  /** Whom TLS probes ask for (SNI). Absent, "" or an address: nobody. */
  readonly serverName?: string;
  /** One attempt each, in place of `count` for `dnsName`: a name, and whether its A or its AAAA record is asked for. */
  readonly queries?: readonly DnsQuery[];
}

export interface DnsQuery {
  readonly name: string;
  readonly type: "A" | "AAAA";
}

/** Throws INPUT_INVALID where an option is out of its range. */
export function checkOptions(options: ProbeOptions): void {
  checkRange("number of attempts", options.count, { min: 1, max: 100 });
  checkRange("interval in ms", options.intervalMs, { min: 10, max: 60_000 });
  checkRange("time-out in ms", options.timeoutMs, { min: 50, max: 60_000 });
  if (!/^[0-9a-f]{12}$/i.test(options.runTag)) throw refuse("run tag", options.runTag, "Give 12 hex digits");
  if (!SERVER_NAME.test(options.serverName ?? "") && !isAddress(options.serverName ?? ""))
    throw refuse("server's name", options.serverName ?? "", "Give a DNS name, an address, or none");
  if (!/^\/[\x21-\x7e]{0,1023}$/.test(options.httpPath)) {
    throw refuse("HTTP path", options.httpPath, "Give a path that starts with / and has no white space");
  }
}

const SERVER_NAME = /^([A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}))?$/;

function checkRange(what: string, value: number, range: { min: number; max: number }): void {
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return;
  throw refuse(what, value, `Give a whole number from ${range.min} to ${range.max}`);
}

const DEFAULT_PORTS: Readonly<Partial<Record<ProbeKind, number>>> = {
  http: 80,
  https: 443,
  tls: 443,
  "dns-udp": 53,
  "dns-tcp": 53,
};

/** Where a probe goes: for ICMP no port, for HTTP and DNS their usual one where none was given. */
export function targetOf(flow: Flow, kind: ProbeKind): FlowAddress {
  const { ip, port, text } = flow.path.to;
  if (!isAddress(ip)) throw refuse("address", ip, "Give an IPv4 or IPv6 address without a zone");
  if (kind === "ping" || kind === "ping-large") return { ip, port: null };
  const chosen = port ?? DEFAULT_PORTS[kind];
  if (chosen === undefined) throw refuse(`port of a ${kind} probe`, text, `Name the port: ${text}:PORT`);
  if (!Number.isInteger(chosen) || chosen < 1 || chosen > 65_535)
    throw refuse("port", chosen, "Give a port from 1 to 65535");
  return { ip, port: chosen };
}

export function refuse(what: string, value: string | number, hint: string): HopbookError {
  const shown = typeof value === "string" ? value.slice(0, 160) : value;
  return new HopbookError("INPUT_INVALID", `Cannot plan a probe: the ${what} is ${JSON.stringify(shown)}`, {
    hint,
  });
}
