import type { MatchFamily } from "./family.js";
import { addressType } from "./address-type.js";
import { bridgePort } from "./bridge.js";
import { connection } from "./connection.js";
import { icmp, icmpv6 } from "./icmp.js";
import { connectionMark, mark } from "./marks.js";
import { mac } from "./origin.js";
import { plain } from "./plain.js";
import { dccp, multiport, sctp, tcp, udp, udplite } from "./ports.js";
import { addressRange } from "./ranges.js";
import { sets } from "./sets.js";
import { hopLimit, length, trafficClass } from "./sizes.js";
import { ALWAYS, UNCERTAIN } from "./uncertain.js";

/** Every match that is evaluated. A new one is a file beside these and a line here; any other is in doubt. */
const FAMILIES: readonly MatchFamily[] = [
  plain,
  ...[tcp, udp, udplite, sctp, dccp, multiport, icmp, icmpv6],
  ...[connection, mark, connectionMark, addressType, addressRange, sets],
  ...[length, hopLimit, trafficClass, bridgePort, mac],
  ALWAYS,
  ...UNCERTAIN,
];

export const MATCHES: ReadonlyMap<string, MatchFamily> = new Map(
  FAMILIES.flatMap((family) => family.names.map((name) => [name, family])),
);
