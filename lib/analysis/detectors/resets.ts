import type { FlowDetector, Said } from "./detector.js";
import type { ConnectionFacts, FlowFacts, ResetFacts } from "./facts.js";
import { duration, firstOf, nameEnd, share, SIDES } from "./wording.js";

/** Connections that a RST ended, by who sent it and after what. */
export const resets: FlowDetector = {
  kinds: {
    "connection-refused": { title: "The server refuses connections", reference: "RFC 9293, 3.5.2" },
    "reply-from-other-address": {
      title: "The client resets SYN-ACKs, for they come from another address than it asked",
      reference: "RFC 9293, 3.10.7.3",
    },
    "syn-ack-refused": {
      title: "The client resets the SYN-ACK of a connection that it asked for",
      reference: "RFC 9293, 3.10.7.3",
    },
    "reset-before-answer": {
      title: "Connections are reset before anything was answered",
      reference: "RFC 9293, 3.5.3",
    },
    "reset-while-open": {
      title: "Connections are reset while data went over them",
      reference: "RFC 9293, 3.5.3",
    },
  },
  detect: detectResets,
};

type Code =
  | "connection-refused"
  | "reply-from-other-address"
  | "syn-ack-refused"
  | "reset-before-answer"
  | "reset-while-open";
type WithReset = ConnectionFacts & { readonly reset: ResetFacts };

const NEXT: Readonly<Record<Code, string>> = {
  "connection-refused":
    "Does the server listen on this port, on this address? Does the Service lead to the right port, and to a backend that is there?",
  "reply-from-other-address":
    "Replies pass the place that translated the request: see that they take the same way back (bridge-nf-call-iptables, asymmetric routes, a second node).",
  "syn-ack-refused":
    "Look for another machine with the client's address, and for a client that gives up before the answer comes.",
  "reset-before-answer":
    "Look at the server's log of that time: a crash, a full backlog, a proxy without a backend, a protocol that it does not speak.",
  "reset-while-open":
    "Look for idle time limits of what stands between (proxies, NAT, conntrack), and at the server's log of that time.",
};

function detectResets(facts: FlowFacts): readonly Said[] {
  const byCode = new Map<Code, WithReset[]>();
  for (const connection of facts.connections) {
    const { reset } = connection;
    if (reset === null) continue;
    const code = codeOf(connection, { reset, server: facts.server.ip });
    if (code !== null) byCode.set(code, [...(byCode.get(code) ?? []), { ...connection, reset }]);
  }
  return [...byCode].map(([code, connections]) => say(code, connections, facts));
}

/** null where a reset only closes what was over. */
function codeOf(connection: ConnectionFacts, of: { reset: ResetFacts; server: string }): Code | null {
  const { phase, by } = of.reset;
  if (phase === "closing") return null;
  if (phase === "syn") return by === 1 ? "connection-refused" : null;
  if (by === 0 && !connection.established) {
    // Without its SYN it is left of an earlier connection.
    if (connection.syns === 0) return null;
    const { answeredBy } = connection;
    return answeredBy !== null && answeredBy !== of.server ? "reply-from-other-address" : "syn-ack-refused";
  }
  // A client that has what it wanted may close with a reset.
  if (by === 0 && (connection.payloadBytes[1] > 0 || connection.payloadBytes[0] === 0)) return null;
  return connection.payloadBytes[1] > 0 ? "reset-while-open" : "reset-before-answer";
}

function say(code: Code, connections: readonly WithReset[], facts: FlowFacts): Said {
  const [first] = connections as readonly [WithReset, ...WithReset[]];
  const { by, ip } = first.reset;
  const server = nameEnd(facts.server);
  const how: Readonly<Record<Code, string>> = {
    "connection-refused": `were refused with a reset by ${ip}`,
    "reply-from-other-address": `were reset by the client: it asked ${server}, and the SYN-ACK came from ${first.answeredBy}`,
    "syn-ack-refused": `were reset by the client as soon as the SYN-ACK of ${server} came`,
    "reset-before-answer": `were reset by ${SIDES[by]} (${ip}) before anything was answered`,
    "reset-while-open": `were reset by ${SIDES[by]} (${ip}) while data went over them`,
  };
  const times = connections.flatMap(({ reset }) => (reset.afterUs === null ? [] : [reset.afterUs]));
  const after = times.length === 0 ? [] : [`the reset came ${spanOf(times)} after the packet before it`];
  const sent = first.payloadBytes;
  return {
    code,
    severity: "fail",
    summary: `${share(connections.length, facts.connectionCount, "connection")} ${how[code]}`,
    evidence: [...after, `before it the first of them sent ${sent[0]} bytes and got ${sent[1]}`],
    packets: firstOf(...connections.map(({ reset }) => reset.packets)),
    next: [NEXT[code]],
  };
}

function spanOf(times: readonly number[]): string {
  const [least, most] = [Math.min(...times), Math.max(...times)];
  return duration(least) === duration(most) ? duration(least) : `${duration(least)} to ${duration(most)}`;
}
