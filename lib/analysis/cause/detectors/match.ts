import { containsIp, parsePrefix } from "../../../linux/address.js";
import type { EvidenceEnd, EvidenceHop } from "../../../model/evidence.js";
import { wireOf } from "../../../wire/registry.js";
import type { DetectorInput } from "../candidate.js";
import type { Matches, Rule } from "../../../linux/ruleset.js";
import type { Spot } from "../spot.js";

/** False only where a match of the rule rules the lost packets out; what is not understood rules nothing out. */
export function couldMatch(matches: Matches, { input, spot }: DetectorInput): boolean {
  const { flow } = input;
  const inner = { from: addressesOf(spot.source), to: addressesOf(spot.target) };
  const outer = { from: underlayOf(input, spot.sender), to: underlayOf(input, spot.receiver) };
  const { from, to } = spot.outer ? outer : inner;
  const protocol = spot.outer ? carrierOf(flow.hops) : flow.protocol;
  // In the pod both the request and its answer can be what a rule drops.
  const both = spot.kind === "pod-in";
  const sources = both ? [...from, ...to] : from;
  const targets = both ? [...from, ...to] : to;
  const ports = both ? [] : listPorts(input, spot);
  return (
    anyAddress(matches.sources, sources) &&
    anyAddress(matches.destinations, targets) &&
    anyDevice(matches.inDevices, both ? null : spot.inDevice) &&
    anyDevice(matches.outDevices, both ? null : spot.outDevice) &&
    (matches.protocol === null || !KNOWN.has(matches.protocol) || matches.protocol === protocol) &&
    (matches.destinationPort === null || ports.length === 0 || ports.includes(matches.destinationPort))
  );
}

/** The protocol by which the path's tunnel goes, as rules name it; null where that is none of those that are known. */
function carrierOf(hops: readonly EvidenceHop[]): string | null {
  const wire = hops.map(({ encapsulation }) => wireOf(encapsulation)).find((each) => each !== null);
  return wire == null || wire.format.carrier.over === "udp" ? "udp" : null;
}

/** Ports that the lost packets may be sent to; empty where it can be any. */
function listPorts({ flow, direction }: DetectorInput["input"], { outer, target }: Spot): number[] {
  if (outer) return flow.hops.flatMap(({ encapsulation }) => wireOf(encapsulation)?.worn.port ?? []);
  const ports = [target.port, ...target.addresses.map((address) => address.port)];
  const known = ports.filter((port) => port !== null);
  return direction === "reply" || known.length < ports.length ? [] : known;
}

/**
 * True where the rule says itself that it is about the lost packets: by an address, a port or a device of theirs,
 * or by standing in a chain of that device, as Calico makes them. A rule that could match has to be asked only.
 */
export function namesFlow({ matches, chain }: Rule, { spot }: DetectorInput): boolean {
  const devices = [spot.inDevice, spot.outDevice].filter((device) => device !== null);
  const narrow = [...matches.sources, ...matches.destinations].some(isNarrow);
  const ofDevice = [...matches.inDevices, ...matches.outDevices].some((name) => devices.includes(name));
  const ofChain = devices.some((device) => device.length > 4 && chain.endsWith(`-${device}`));
  return narrow || ofDevice || ofChain || matches.destinationPort !== null;
}

/** A prefix of few addresses. */
function isNarrow(text: string): boolean {
  const prefix = parsePrefix(text);
  return prefix !== undefined && prefix.lengthBits >= (prefix.family === 4 ? 24 : 64);
}

const KNOWN = new Set(["tcp", "udp", "icmp", "sctp"]);

function addressesOf(end: EvidenceEnd): string[] {
  return [...new Set([end.ip, ...end.addresses.map((address) => address.ip)])];
}

function underlayOf(input: DetectorInput["input"], node: string | null): string[] {
  const ip = node === null ? undefined : input.flow.underlay[node]?.ip;
  return ip === undefined ? [] : [ip];
}

function anyDevice(patterns: readonly string[], device: string | null): boolean {
  if (patterns.length === 0 || device === null) return true;
  return patterns.some(
    (pattern) => pattern === device || (pattern.endsWith("*") && device.startsWith(pattern.slice(0, -1))),
  );
}

function anyAddress(prefixes: readonly string[], ips: readonly string[]): boolean {
  if (prefixes.length === 0 || ips.length === 0) return true;
  return prefixes.some((prefix) => ips.some((ip) => contains(prefix, ip)));
}

/** True too for a prefix that is none: it rules nothing out. */
function contains(text: string, ip: string): boolean {
  const prefix = parsePrefix(text);
  return prefix === undefined || containsIp(prefix, ip);
}
