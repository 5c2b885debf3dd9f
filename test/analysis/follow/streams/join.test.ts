import t from "tap";
import { InFlight, NONE } from "../../../../lib/analysis/follow/flight.js";
import type { Rejection } from "../../../../lib/analysis/follow/rejections.js";
import { PlaceSets } from "../../../../lib/analysis/follow/sets.js";
import type { Connection } from "../../../../lib/analysis/follow/streams/connection.js";
import { Connections } from "../../../../lib/analysis/follow/streams/connections.js";
import { join } from "../../../../lib/analysis/follow/streams/join.js";
import { Tuples } from "../../../../lib/analysis/follow/tables/tuples.js";
import { packetOf } from "../kit.js";

const PLACES = 3;

function network(): {
  readonly state: { flight: InFlight; tuples: Tuples; connections: Connections };
  readonly open: (server: number) => Connection;
  readonly send: (connection: Connection, atUs: number, bytes: readonly [number, number]) => number;
} {
  const [tuples, flight] = [new Tuples(), new InFlight(new PlaceSets(PLACES))];
  const connections = new Connections(tuples, [], PLACES);
  return {
    state: { flight, tuples, connections },
    open(server) {
      const row = tuples.locate(packetOf({ protocol: 6, destination0: server, sourcePort: 40_000 }));
      tuples.setClient(row, true);
      const connection = connections.open(row, null, 0);
      connection.front = row;
      return connection;
    },
    send(connection, atUs, [start, end]) {
      Object.assign(flight.sought, { first: atUs, second: 0, timeUs: atUs });
      const slot = flight.add();
      const stream = connection.streams[0];
      flight.connection[slot] = connection.index;
      [flight.rangeStart[slot], flight.rangeEnd[slot]] = [start, end];
      flight.olderOfStream[slot] = stream.newest;
      if (stream.newest !== NONE) flight.newerOfStream[stream.newest] = slot;
      stream.newest = slot;
      connection.inFlight++;
      return slot;
    },
  };
}

const rejection = (ip: string, counts: number[]): Rejection => ({
  ...{ direction: 0, ip, how: "ICMP host unreachable", isTooBig: false, counts },
  sightings: counts.flatMap((count, source) =>
    count > 0 ? [{ source, timeUs: source, frame: 1, recordOffset: 24 }] : [],
  ),
});

t.test("ICMP errors that either met are the joined one's, each counted where it showed", (t) => {
  const { state, open } = network();
  const [before, behind] = [open(100), open(200)];
  before.rejections = [rejection("10.0.0.9", [1, 0, 0])];
  behind.rejections = [rejection("10.0.0.9", [0, 2, 1]), rejection("10.0.0.8", [0, 0, 4])];
  const joined = join({ before, behind, direction: 0 }, state);
  t.equal(joined, before);
  t.strictSame(
    joined.rejections?.map(({ ip, counts, sightings }) => [
      ip,
      counts,
      sightings.map(({ source }) => source),
    ]),
    [
      ["10.0.0.9", [1, 2, 1], [0, 1, 2]],
      ["10.0.0.8", [0, 0, 4], [2]],
    ],
  );
  t.end();
});

t.test("where one met errors, or none did", (t) => {
  for (const [own, other, expected] of [
    [null, [rejection("10.0.0.9", [0, 1, 0])], 1],
    [[rejection("10.0.0.9", [0, 1, 0])], null, 1],
    [null, null, 0],
  ] as const) {
    const { state, open } = network();
    const [before, behind] = [open(100), open(200)];
    before.rejections = own === null ? null : [...own];
    behind.rejections = other === null ? null : [...other];
    t.equal(join({ before, behind, direction: 0 }, state).rejections?.length, expected);
  }
  t.end();
});

t.test("packets in flight of both are one list in the order of time, counted from one first byte", (t) => {
  const { state, open, send } = network();
  const { flight, tuples } = state;
  const [before, behind] = [open(100), open(200)];
  before.streams[0].unwrap(1000);
  behind.streams[0].unwrap(1500);
  before.streams[0].highest = 600;
  behind.streams[0].highest = 200;
  behind.streams[0].acknowledge(1600);
  const slots = [
    send(before, 10, [0, 100]),
    send(behind, 20, [0, 100]),
    send(before, 30, [100, 200]),
    send(behind, 40, [100, 200]),
  ];
  const joined = join({ before, behind, direction: 0 }, state);
  const listed: number[] = [];
  for (let slot = joined.streams[0].newest; slot !== NONE; slot = flight.olderOfStream[slot]!)
    listed.unshift(slot);
  t.strictSame(listed, slots);
  t.strictSame(
    listed.map((slot) => [flight.rangeStart[slot], flight.connection[slot]]),
    [0, 500, 100, 600].map((start) => [start, joined.index]),
  );
  t.equal(joined.inFlight, 4);
  t.equal(joined.streams[0].highest, 700);
  t.strictSame([joined.streams[0].isAcknowledged(600), joined.streams[0].isAcknowledged(601)], [true, false]);
  for (const row of joined.rows) t.equal(tuples.connectionOf(row), joined.index);
  t.equal(joined.rows.length, 2);
  t.end();
});
