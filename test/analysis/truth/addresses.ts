import type { FlowPlan } from "./scenario.js";
import type { Frame } from "./frame.js";

/** Where a frame comes from and goes to; a port is an ICMP id where there are no ports. */
export interface Tuple {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** What a flow's ends are called before and behind its NAT. */
export interface Ends {
  readonly client: string;
  readonly service: string;
  readonly backend: string;
  readonly node: string;
  readonly servicePort: number;
  readonly backendPort: number;
  readonly clientPort: number;
  readonly nodePort: number;
}

export function endsOf(
  { client, backends, port, nat, kind }: FlowPlan,
  at: { readonly flow: number; readonly connection: number; readonly backend: number; readonly v6: boolean },
): Ends {
  const host = (net: number, number: number): string =>
    at.v6 ? `fd00:10:${net}::${number.toString(16)}` : `10.${net === 96 ? 96 : 244}.${net}.${number}`;
  const backendAddress = host(2, backends[at.backend]!);
  const translated = nat?.destination === true;
  const isPing = kind === "ping";
  const clientPort = isPing ? 700 + at.flow * 10 + at.connection : 40_000 + at.flow * 50 + at.connection;
  return {
    client: host(1, client),
    service: translated ? host(96, 80 + at.flow) : backendAddress,
    backend: backendAddress,
    node: nat?.source === true ? (at.v6 ? "fd00:77::11" : "10.77.0.11") : host(1, client),
    servicePort: port,
    backendPort: translated && !isPing && kind !== "dns" ? port + 1000 : port,
    clientPort,
    nodePort: nat?.source === true ? 61_000 + at.flow * 50 + at.connection : clientPort,
  };
}

/** Which ends have other names at a place: the server as its backend, the client as its node. */
export interface Form {
  readonly isTranslated: boolean;
  readonly isMasked: boolean;
}

/** A frame's addresses at a place before, in or behind its flow's NAT. */
export function tupleOf(
  ends: Ends,
  { isRequest }: Pick<Frame, "isRequest">,
  { isTranslated, isMasked }: Form,
): Tuple {
  const [near, nearPort] = isMasked ? [ends.node, ends.nodePort] : [ends.client, ends.clientPort];
  const [far, farPort] = isTranslated ? [ends.backend, ends.backendPort] : [ends.service, ends.servicePort];
  return isRequest
    ? { source: near, destination: far, sourcePort: nearPort, destinationPort: farPort }
    : { source: far, destination: near, sourcePort: farPort, destinationPort: nearPort };
}
