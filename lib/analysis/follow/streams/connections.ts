import { append } from "../tables/append.js";
import type { Protocol } from "../../../model/traffic.js";
import { PROTOCOL } from "../../dissect/packet.js";
import { Connection } from "./connection.js";
import { NONE } from "../flight.js";
import { Flow } from "../flow.js";
import { Numbering } from "../tables/numbering.js";
import { Records } from "../record.js";
import type { Belonging, Target } from "../target.js";
import type { Tuples } from "../tables/tuples.js";

/** So many pairs of ends are remembered before those that are long silent are forgotten. */
const MOST_ROWS = 1 << 17;
/** So many flows are told apart. */
const MOST_FLOWS = 1 << 16;

/** The connections that packets belong to, and the flows that they make up. */
export class Connections {
  readonly flows: Flow[] = [];
  flowsLeftOut = 0;
  readonly records = new Records();
  private readonly all: (Connection | null)[] = [];
  private readonly free: number[] = [];
  /** Numbers of flows, by target, protocol, client, server, and the server behind that. */
  private readonly keys = new Numbering(5, MOST_FLOWS);

  constructor(
    private readonly tuples: Tuples,
    private readonly targets: readonly Target[],
    readonly places: number,
  ) {}

  /** The connection of a row of `Tuples`; null where it has none yet. */
  of(row: number): Connection | null {
    const index = this.tuples.connectionOf(row);
    return index === NONE ? null : this.at(index);
  }

  at(index: number): Connection {
    return this.all[index]!;
  }

  open(row: number, belonging: Belonging | null, timeUs: number): Connection {
    if (this.tuples.size >= MOST_ROWS) this.forgetSilent(timeUs);
    const connection = new Connection(belonging?.index ?? NONE, belonging?.isOwn ?? true, timeUs);
    const index = this.free.pop() ?? this.all.length;
    this.all[index] = connection;
    connection.index = index;
    this.tuples.connect(row, index);
    connection.rows = [row];
    return connection;
  }

  /** Another pair of ends of a connection that is known: a translation. */
  alias(row: number, index: number): Connection {
    const connection = this.at(index);
    this.tuples.connect(row, index);
    if (!connection.rows.includes(row)) connection.rows = append(connection.rows, row);
    return connection;
  }

  /** One that is another's by now. */
  drop({ index }: Connection): void {
    this.all[index] = null;
    this.free.push(index);
  }

  /** Places beside the way of a flow of interest do not count. */
  isOnWay(connection: Connection, direction: 0 | 1, place: number): boolean {
    return this.targets[connection.target]!.isOnWay(direction, place);
  }

  /** Whether a packet that goes from `row`'s source (A where `tuples.fromA`) goes back to where it came from. */
  isTurnedBack(before: number, row: number, isRequest: boolean): boolean {
    const { tuples } = this;
    const sourceIsA = tuples.clientIsA(before) === isRequest;
    const { fromA } = tuples;
    return (
      tuples.isSameEnd(before, sourceIsA, row, !fromA) || tuples.isSameEnd(before, !sourceIsA, row, fromA)
    );
  }

  /** Settles to which flow a connection belongs; null where there are too many to be told apart. */
  flowOf(connection: Connection): Flow | null {
    if (connection.flow !== NONE) return this.flows[connection.flow]!;
    const { tuples, records, keys } = this;
    const front = connection.front === NONE ? connection.rows[0]! : connection.front;
    const behind = this.behind(connection, front);
    const target = connection.isOwn ? connection.target : NONE;
    const protocol = protocolOf(tuples.protocol(front));
    const { key } = keys;
    key.fill(0);
    key[0] = target;
    if (target === NONE) {
      key[1] = PROTOCOLS.indexOf(protocol);
      key[2] = tuples.endNumber(front, tuples.clientIsA(front), false);
      key[3] = this.serverNumber(front);
      key[4] = behind === NONE ? NONE : this.serverNumber(behind);
    }
    const number = keys.of();
    if (number === NONE) {
      this.flowsLeftOut++;
      return null;
    }
    if (number === this.flows.length) {
      const [client, server] = [tuples.client(front), tuples.server(front)];
      const between = connection.target;
      const last = behind === NONE ? null : tuples.server(behind);
      // Objects that are spread together take many times the memory, and there are tens of thousands of these.
      const ends = { number, target, between, protocol, client, server, behind: last };
      this.flows.push(new Flow(ends, records));
    }
    connection.flow = number;
    return this.flows[number]!;
  }

  foldAll(): void {
    for (const [index, connection] of this.all.entries())
      if (connection !== null) this.fold(connection, index);
  }

  /** The row that shows another server than the first one; NONE: none does. */
  private behind({ rows }: Connection, front: number): number {
    if (rows.length === 1) return NONE;
    const server = this.serverNumber(front);
    return rows.find((row) => this.serverNumber(row) !== server) ?? NONE;
  }

  private serverNumber(row: number): number {
    return this.tuples.endNumber(row, !this.tuples.clientIsA(row), true);
  }

  /** Those that are silent the longest, first by half a minute, then the older half whatever it takes. */
  private forgetSilent(nowUs: number): void {
    this.forgetBefore(nowUs - 30_000_000);
    if (this.tuples.size < MOST_ROWS * 0.75) return;
    const times = this.all.flatMap((one) => (one === null ? [] : [one.lastUs])).sort((a, b) => a - b);
    this.forgetBefore(times[times.length >> 1]!);
  }

  private forgetBefore(timeUs: number): void {
    for (const [index, connection] of this.all.entries()) {
      if (connection === null || connection.inFlight > 0 || connection.lastUs > timeUs) continue;
      this.fold(connection, index);
    }
  }

  private fold(connection: Connection, index: number): void {
    const { tuples } = this;
    if (connection.front === NONE) connection.front = connection.rows[0]!;
    this.flowOf(connection)?.fold(connection, tuples, this.places);
    for (const row of connection.rows) if (tuples.connectionOf(row) === index) tuples.remove(row);
    this.drop(connection);
  }
}

const PROTOCOLS: readonly Protocol[] = ["icmp", "tcp", "udp"];

function protocolOf(protocol: number): Protocol {
  if (protocol === PROTOCOL.tcp) return "tcp";
  return protocol === PROTOCOL.udp ? "udp" : "icmp";
}
