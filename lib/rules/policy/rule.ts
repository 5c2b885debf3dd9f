import type { PolicyPod } from "../../model/cni/network-policy.js";
import { bytesOf, containsBytes, parsePrefix } from "../../linux/address.js";
import { asList, fieldOf, integerOf, textOf } from "../../linux/json.js";
import { all, any, matches, NO, open, YES, type Match } from "./match.js";
import { select, spellSelector } from "./selector.js";

/** One end of what is sent, as policies of the other see it. */
export interface PolicyEnd {
  readonly ip: string;
  /** null: no pod, or one whose packets come with another address. */
  readonly pod: PolicyPod | null;
  /** Labels of the pod's namespace; null: they could not be read. */
  readonly namespaceLabels: Readonly<Record<string, string>> | null;
  /** Where that is not sure: why. */
  readonly doubt?: string;
}

export interface PolicyPacket {
  readonly protocol: "tcp" | "udp" | "icmp";
  /** At the destination, behind a Service's translation; null: not known, or none. */
  readonly port: number | null;
}

/** One rule of a policy's ingress or egress. */
interface RuleMatch {
  readonly peers: Match;
  readonly ports: Match;
}

/** `peers` are a rule's `from` or `to`; without any it is for everybody, and without ports for all of them. */
export function matchRule(
  rule: unknown,
  given: {
    readonly direction: "ingress" | "egress";
    /** The policy's own. */
    readonly namespace: string;
    readonly peer: PolicyEnd;
    readonly destination: PolicyEnd;
    readonly packet: PolicyPacket;
  },
): RuleMatch {
  const { direction, namespace, peer, destination, packet } = given;
  const peers = asList(fieldOf(rule, direction === "ingress" ? "from" : "to"));
  const ports = asList(fieldOf(rule, "ports"));
  return {
    peers: peers.length === 0 ? YES : any(peers.map((one) => matchPeer(one, namespace, peer))),
    ports: ports.length === 0 ? YES : any(ports.map((one) => matchPort(one, packet, destination))),
  };
}

function matchPeer(peer: unknown, namespace: string, end: PolicyEnd): Match {
  const block = fieldOf(peer, "ipBlock");
  if (block !== undefined) return matchBlock(block, end);
  const { pod, namespaceLabels, doubt } = end;
  if (doubt !== undefined) return open(doubt);
  if (pod === null) return NO;
  const name = `${pod.namespace}/${pod.name}`;
  // What comes from there has the node's address, and CNIs differ in what they make of it.
  if (pod.hostNetwork) return open(`${name} is in its node's own network, where selectors need not find it`);
  const [pods, namespaces] = [fieldOf(peer, "podSelector"), fieldOf(peer, "namespaceSelector")];
  const inNamespace =
    namespaces === undefined
      ? matches(pod.namespace === namespace)
      : select(namespaces, namespaceLabels, `the namespace ${pod.namespace}`);
  return all([inNamespace, pods === undefined ? YES : select(pods, pod.labels, name)]);
}

function matchBlock(block: unknown, { ip, doubt }: PolicyEnd): Match {
  const bytes = bytesOf(ip) ?? [];
  const holds = (text: unknown): boolean => {
    const prefix = typeof text === "string" ? parsePrefix(text) : undefined;
    return prefix !== undefined && containsBytes(prefix, bytes);
  };
  if (doubt !== undefined) return open(doubt);
  return matches(holds(fieldOf(block, "cidr")) && !asList(fieldOf(block, "except")).some(holds));
}

function matchPort(entry: unknown, { protocol, port }: PolicyPacket, { pod }: PolicyEnd): Match {
  if ((textOf(entry, "protocol") ?? "TCP").toLowerCase() !== protocol) return NO;
  const wanted = fieldOf(entry, "port");
  if (wanted === undefined) return YES;
  if (port === null) return open("the port of what is sent is not known");
  const number = integerOf(entry, "port");
  if (number !== null) {
    const last = integerOf(entry, "endPort") ?? number;
    return matches(port >= number && port <= last);
  }
  if (pod === null) return NO;
  return matches(
    pod.ports.some(
      (own) => own.name === wanted && own.port === port && own.protocol.toLowerCase() === protocol,
    ),
  );
}

/** "TCP 80-90 or http from pods app=web of namespaces env=prod", for people. */
export function spellRule(rule: unknown, direction: "ingress" | "egress"): string {
  const peers = asList(fieldOf(rule, direction === "ingress" ? "from" : "to")).map(spellPeer);
  const ports = asList(fieldOf(rule, "ports")).map(spellPort);
  const word = direction === "ingress" ? "from" : "to";
  return `${ports.length === 0 ? "all ports" : ports.join(" or ")} ${word} ${peers.length === 0 ? "anybody" : peers.join(" or ")}`;
}

function spellPort(entry: unknown): string {
  const protocol = textOf(entry, "protocol") ?? "TCP";
  const port = integerOf(entry, "port") ?? textOf(entry, "port");
  const last = integerOf(entry, "endPort");
  return port === null
    ? `all of ${protocol}`
    : `${protocol} ${String(port)}${last === null ? "" : `-${String(last)}`}`;
}

function spellPeer(peer: unknown): string {
  const block = fieldOf(peer, "ipBlock");
  if (block !== undefined) {
    const except = asList(fieldOf(block, "except")).filter((one) => typeof one === "string");
    return `${textOf(block, "cidr") ?? "no block"}${except.length === 0 ? "" : ` except ${except.join(", ")}`}`;
  }
  const [pods, namespaces] = [fieldOf(peer, "podSelector"), fieldOf(peer, "namespaceSelector")];
  const where = namespaces === undefined ? "" : ` of namespaces ${spellSelector(namespaces)}`;
  return `pods ${spellSelector(pods)}${where}`;
}
