import { isRecord, numberOf, textOf, type JsonRecord } from "../../linux/json.js";
import type { At } from "../node.js";
import { hasConnection, type PacketConnection } from "../packet.js";
import { isDoubt, unknownIs, type Doubt } from "../truth.js";
import { ofBytes, readValue, type FieldKind, type Value } from "./values.js";

/** What a rule looks at; null: the packet has none, and the rule does not take it. */
export interface Field {
  readonly kind: FieldKind;
  read(at: At): Value | null | Doubt;
}

const NUMBERS = { tcp: 6, udp: 17, udplite: 136, sctp: 132, dccp: 33, icmp: 1, icmpv6: 58 } as const;

function known(value: number | null, what: string): bigint | Doubt {
  return value === null ? unknownIs(what) : BigInt(value);
}

/** `payload`: a field of a header. */
function payload(expression: JsonRecord): Field | null {
  const [protocol, name] = [textOf(expression["protocol"]) ?? "", textOf(expression["field"]) ?? ""];
  if (protocol === "ip" || protocol === "ip6") return ofIp(protocol === "ip" ? 4 : 6, name);
  const number = Object.hasOwn(NUMBERS, protocol) ? NUMBERS[protocol as keyof typeof NUMBERS] : null;
  if (number === null && protocol !== "th") return null;
  const when = (kind: FieldKind, read: (at: At) => Value | null | Doubt): Field => ({
    kind,
    read: (at) => (number === null || at.packet.protocol === number ? read(at) : null),
  });
  if (name === "dport")
    return when("port", ({ packet }) => known(packet.destinationPort, "its destination port"));
  if (name === "sport") return when("port", ({ packet }) => known(packet.sourcePort, "its source port"));
  if (name === "flags" && protocol === "tcp")
    return when("flags", ({ packet }) => known(packet.tcpFlags, "its TCP flags"));
  if (name === "type" && protocol === "icmp")
    return when("icmp", ({ packet }) => known(packet.icmpType, "its ICMP type"));
  if (name === "type" && protocol === "icmpv6")
    return when("icmpv6", ({ packet }) => known(packet.icmpType, "its ICMP type"));
  if (name === "code") return when("number", ({ packet }) => known(packet.icmpCode, "its ICMP code"));
  return null;
}

function ofIp(family: 4 | 6, name: string): Field | null {
  const when = (kind: FieldKind, read: (at: At) => Value | null | Doubt): Field => ({
    kind,
    read: (at) => (at.packet.family === family ? read(at) : null),
  });
  if (name === "saddr") return when("address", ({ packet }) => ofBytes(packet.source.bytes));
  if (name === "daddr") return when("address", ({ packet }) => ofBytes(packet.destination.bytes));
  if (name === "protocol" || name === "nexthdr")
    return when("protocol", ({ packet }) => BigInt(packet.protocol));
  if (name === "ttl" || name === "hoplimit")
    return when("number", ({ packet }) => known(packet.hopLimit, "its hop limit"));
  if (name === "dscp")
    return when("dscp", ({ packet: { trafficClass } }) =>
      known(trafficClass === null ? null : trafficClass >> 2, "its DSCP"),
    );
  if (name === "length" && family === 4)
    return when("number", ({ packet }) => known(packet.lengthBytes, "its length"));
  return null;
}

function meta(key: string): Field | null {
  // Without a device the kernel compares an empty name. JSON has names for indexes too.
  if (["iifname", "oifname", "iif", "oif"].includes(key)) {
    const isIn = key.startsWith("i");
    return { kind: "name", read: (at) => (isIn ? at.inDevice : at.outDevice) ?? "" };
  }
  if (key === "mark") return { kind: "number", read: ({ packet }) => known(packet.mark, "its mark") };
  if (key === "l4proto") return { kind: "protocol", read: ({ packet }) => BigInt(packet.protocol) };
  if (key === "nfproto")
    return { kind: "network-protocol", read: ({ packet }) => (packet.family === 4 ? 2n : 10n) };
  if (key === "protocol")
    return { kind: "network-protocol", read: ({ packet }) => (packet.family === 4 ? 0x0800n : 0x86ddn) };
  if (key === "length")
    return { kind: "number", read: ({ packet }) => known(packet.lengthBytes, "its length") };
  return null;
}

const STATE_BITS = { invalid: 1n, established: 2n, related: 4n, new: 8n, untracked: 64n } as const;

function ct(key: string): Field | null {
  if (key === "state")
    return {
      kind: "state",
      read: ({ packet: { connection } }) =>
        connection.state === null ? unknownIs("its connection's state") : STATE_BITS[connection.state],
    };
  const when = (kind: FieldKind, read: (connection: PacketConnection) => Value | Doubt): Field => ({
    kind,
    read: ({ packet }) => (hasConnection(packet) ? read(packet.connection) : null),
  });
  if (key === "mark") return when("number", ({ mark }) => known(mark, "its connection's mark"));
  if (key === "direction") return when("direction", ({ direction }) => (direction === "original" ? 0n : 1n));
  return key === "status" ? when("status", readStatus) : null;
}

/** Of a connection's first packet nothing but its translation stands there yet (nf_conntrack_common.h). */
function readStatus({ state, isSourceTranslated, isDestinationTranslated }: PacketConnection): Value | Doubt {
  if (state !== "new" || isSourceTranslated === null || isDestinationTranslated === null)
    return unknownIs("its connection's status");
  return (isSourceTranslated ? 16n : 0n) | (isDestinationTranslated ? 32n : 0n);
}

/** `fib daddr type`; the other questions to the routing table are in doubt. */
function fib(expression: JsonRecord): Field | null {
  const flags: unknown = expression["flags"];
  const names = Array.isArray(flags) ? (flags as readonly unknown[]) : [flags];
  const [which, ...more] = names;
  if (textOf(expression["result"]) !== "type" || more.length > 0 || (which !== "saddr" && which !== "daddr"))
    return null;
  return {
    kind: "name",
    read: ({ packet, node }) =>
      node.addressType((which === "saddr" ? packet.source : packet.destination).text, null),
  };
}

/** null for an expression that is not evaluated. */
export function readField(expression: unknown): Field | null {
  if (!isRecord(expression)) return null;
  const { payload: header, meta: data, ct: tracked, fib: lookup, concat } = expression;
  if (isRecord(header)) return payload(header);
  if (isRecord(data)) return meta(textOf(data["key"]) ?? "");
  if (isRecord(tracked)) return tracked["dir"] === undefined ? ct(textOf(tracked["key"]) ?? "") : null;
  if (isRecord(lookup)) return fib(lookup);
  if (Array.isArray(concat)) return null;
  return masked(expression);
}

/** `{"&": [field, mask]}`, and `|`, `^` of it. */
function masked(expression: JsonRecord): Field | null {
  for (const sign of ["&", "|", "^"] as const) {
    const sides: unknown = expression[sign];
    if (!Array.isArray(sides) || sides.length !== 2) continue;
    const field = readField(sides[0]);
    const number = field === null ? null : constantOf(sides[1], field.kind);
    if (field === null || number === null) return null;
    return {
      kind: field.kind,
      read: (at) => {
        const value = field.read(at);
        if (typeof value !== "bigint") return isDoubt(value) ? value : null;
        return sign === "&" ? value & number : sign === "|" ? value | number : value ^ number;
      },
    };
  }
  return null;
}

function constantOf(value: unknown, kind: FieldKind): bigint | null {
  const number = numberOf(value);
  if (number !== null && Number.isSafeInteger(number) && number >= 0) return BigInt(number);
  const read = readValue(value, kind);
  return typeof read === "bigint" ? read : null;
}
