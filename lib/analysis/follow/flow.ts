import { append } from "./tables/append.js";
import type { Protocol } from "../../model/traffic.js";
import type { Connection } from "./streams/connection.js";
import { REPLY, REQUEST } from "./ends.js";
import { NONE } from "./flight.js";
import type { DirectionRecord, Records, SetPair } from "./record.js";
import { mergeRejections, type Rejection } from "./rejections.js";
import type { Talk } from "./talks/talk.js";
import { SideTotals, type TcpSigns } from "./streams/tcp-signs.js";
import type { TcpStory } from "./streams/tcp-story.js";
import type { TupleEnd, Tuples } from "./tables/tuples.js";

/** So many connections of a flow are kept one by one; the first and, in place of good ones, those that failed. */
const MOST_KEPT = { target: 65_536, other: 32 } as const;
const MOST_REWRITES = 64;
const NOTHING: readonly never[] = [];

/** One connection, when it is over. */
export interface ConnectionFacts {
  readonly clientPort: number | null;
  readonly firstUs: number;
  readonly lastUs: number;
  readonly story: TcpStory;
  /** null where it is no TCP, or nothing was kept of it. */
  readonly signs: TcpSigns | null;
}

/** Both ends, as packets show them at some places. */
interface Ends {
  readonly client: TupleEnd;
  readonly server: TupleEnd;
}

/** What some connections' ends were changed to on the way, and which places showed which. */
export interface RewriteRecord {
  readonly front: Ends;
  readonly behind: Ends;
  /** Sets of places that showed the requests, and the replies, as they are in front and behind. */
  readonly requests: SetPair;
  readonly replies: SetPair;
  connections: number;
}

/** All connections from one client to one port of a server (and to the same backend behind it). */
export class Flow {
  /** Of its requests in `Records`; the next one is of its replies. */
  readonly firstRow: number;
  rejections: readonly Rejection[] = NOTHING;
  kept: ConnectionFacts[] = [];
  rewrites: readonly RewriteRecord[] = NOTHING;
  connections = 0;
  talk: Talk | null = null;
  /** Of connections that are not kept; null: all are. */
  private restTotals: readonly [SideTotals, SideTotals] | null = null;

  /** In the order in which flows were found. */
  readonly number: number;
  readonly target: number;
  readonly between: number;
  readonly protocol: Protocol;
  readonly client: TupleEnd;
  readonly server: TupleEnd;
  readonly behind: TupleEnd | null;

  constructor(
    ends: {
      readonly number: number;
      /** Index of the flow of interest that it is; -1: none. */
      readonly target: number;
      /** Index of the flow of interest between whose ends it goes, as its own or not; -1: none. */
      readonly between: number;
      readonly protocol: Protocol;
      readonly client: TupleEnd;
      readonly server: TupleEnd;
      /** What the server was translated to; null: nothing. */
      readonly behind: TupleEnd | null;
    },
    private readonly all: Records,
  ) {
    this.number = ends.number;
    this.target = ends.target;
    this.between = ends.between;
    this.protocol = ends.protocol;
    this.client = ends.client;
    this.server = ends.server;
    this.behind = ends.behind;
    this.firstRow = all.open();
    all.open();
  }

  /** What the places showed of its requests, and of its replies. */
  get records(): readonly [DirectionRecord, DirectionRecord] {
    const { all, firstRow } = this;
    return [all.describe(firstRow, REQUEST), all.describe(firstRow + 1, REPLY)];
  }

  /** Whether any place showed something of a direction. */
  hasShown(direction: 0 | 1): boolean {
    return this.all.headOf(this.firstRow + direction) !== NONE;
  }

  /** The way that all packets of a direction took; null where there is none, or more than one. */
  onlyWay(direction: 0 | 1): { readonly set: number; readonly packets: number } | null {
    const { ways } = this.all;
    const head = this.all.headOf(this.firstRow + direction);
    if (head === NONE || ways.next(head) !== NONE) return null;
    return { set: ways.setOf(head), packets: ways.packetsOf(head) };
  }

  /** How many packets of both directions places showed, each counted anew; `has` tells whether one is in a set. */
  countAt(places: readonly number[], has: (set: number, place: number) => boolean): number {
    const { ways } = this.all;
    let packets = 0;
    for (const row of [this.firstRow, this.firstRow + 1])
      for (let way = this.all.headOf(row); way !== NONE; way = ways.next(way))
        for (const place of places) if (has(ways.setOf(way), place)) packets += ways.packetsOf(way);
    return packets;
  }

  /** Takes over what a connection has told. */
  fold(connection: Connection, tuples: Tuples, places: number): void {
    this.connections++;
    this.talk ??= connection.talk;
    if (this.talk?.owner === NONE) this.talk.owner = this.number;
    if (connection.rejections !== null)
      this.rejections = mergeRejections([...this.rejections], connection.rejections, places);
    this.keep({
      clientPort: tuples.clientPort(connection.front),
      firstUs: connection.firstUs,
      lastUs: connection.lastUs,
      story: connection.story,
      signs: connection.signs,
    });
    for (const row of connection.rows)
      if (row !== connection.front) this.noteRewrite(connection, row, tuples);
  }

  /** The flow's own where it is the same end: there are thousands of flows. */
  private known(end: TupleEnd): TupleEnd {
    for (const own of [this.client, this.server, this.behind])
      if (own !== null && own.ip === end.ip && own.port === end.port) return own;
    return end;
  }

  /** Of a row; the flow itself where they are its own. */
  private endsOf(row: number, tuples: Tuples): Ends {
    const [client, server] = [this.known(tuples.client(row)), this.known(tuples.server(row))];
    return client === this.client && server === this.server ? this : { client, server };
  }

  private keep(facts: ConnectionFacts): void {
    const most = this.target >= 0 ? MOST_KEPT.target : MOST_KEPT.other;
    if (this.kept.length < most) {
      // Most have one connection, and a list that one is pushed to makes room for seventeen.
      if (this.kept.length === 0) this.kept = [facts];
      else this.kept.push(facts);
      return;
    }
    const at = isGood(facts.story) ? -1 : this.kept.findIndex(({ story }) => isGood(story));
    const { signs } = at < 0 ? facts : this.kept[at]!;
    if (signs !== null) this.restTotals = addTotals(this.restTotals, signs);
    if (at >= 0) this.kept[at] = facts;
  }

  /** What TCP's signs come to, by who sent it. */
  get totals(): readonly [SideTotals, SideTotals] {
    let sum = addTotals(this.restTotals, null);
    for (const { signs } of this.kept) sum = addTotals(sum, signs);
    return sum;
  }

  private noteRewrite({ front }: Connection, row: number, tuples: Tuples): void {
    const setOf = (of: number, request: boolean): number =>
      tuples.placesOf(of, request === tuples.clientIsA(of));
    const fresh: RewriteRecord = {
      front: this.endsOf(front, tuples),
      behind: this.endsOf(row, tuples),
      requests: this.all.pairOf(setOf(front, true), setOf(row, true)),
      replies: this.all.pairOf(setOf(front, false), setOf(row, false)),
      connections: 1,
    };
    const known = this.rewrites.find((one) => isSame(one, fresh));
    if (known !== undefined) known.connections++;
    else if (this.rewrites.length < MOST_REWRITES) this.rewrites = append(this.rewrites, fresh);
  }
}

function addTotals(
  sum: readonly [SideTotals, SideTotals] | null,
  more: TcpSigns | null,
): readonly [SideTotals, SideTotals] {
  const into = sum ?? ([new SideTotals(), new SideTotals()] as const);
  for (const side of [REQUEST, REPLY] as const) if (more !== null) into[side].add(more.by[side]);
  return into;
}

/** Whether a connection came about and nobody reset it. */
export function isGood({ reset, established, synAcks }: TcpStory): boolean {
  return reset === null && established && synAcks > 0;
}

/** Client ports differ from connection to connection: they make no other translation. */
function isSame(one: RewriteRecord, other: RewriteRecord): boolean {
  return (
    one.front.server.ip === other.front.server.ip &&
    one.behind.server.ip === other.behind.server.ip &&
    one.behind.server.port === other.behind.server.port &&
    one.behind.client.ip === other.behind.client.ip &&
    isSamePair(one.requests, other.requests) &&
    isSamePair(one.replies, other.replies)
  );
}

const isSamePair = (one: SetPair, other: SetPair): boolean =>
  one.front === other.front && one.behind === other.behind;
