import t from "tap";
import { Connections } from "../../../../lib/analysis/follow/streams/connections.js";
import type { Connection } from "../../../../lib/analysis/follow/streams/connection.js";
import { TcpSigns } from "../../../../lib/analysis/follow/streams/tcp-signs.js";
import { Tuples } from "../../../../lib/analysis/follow/tables/tuples.js";
import { packetOf } from "../kit.js";

const MOST_ROWS = 1 << 17;
const MOST_FLOWS = 1 << 16;

function opener(): {
  tuples: Tuples;
  connections: Connections;
  open: (index: number, timeUs: number) => Connection;
} {
  const tuples = new Tuples();
  const connections = new Connections(tuples, [], 1);
  const packet = packetOf({ destinationPort: 53 });
  const open = (index: number, timeUs: number): Connection => {
    packet.sourcePort = index & 0xffff;
    packet.source0 = index >> 16;
    packet.destination0 = 100;
    const row = tuples.locate(packet);
    tuples.setClient(row, true);
    return connections.open(row, null, timeUs);
  };
  return { tuples, connections, open };
}

t.test("of too many pairs of ends those are forgotten that are silent for half a minute", async (t) => {
  const { tuples, connections, open } = opener();
  for (let index = 0; index < MOST_ROWS - 1; index++) open(index, index < 50_000 ? 0 : 40_000_000);
  t.equal(tuples.size, MOST_ROWS - 1);
  const busy = connections.at(7);
  busy.inFlight = 1;
  open(MOST_ROWS - 1, 40_000_000);
  t.equal(tuples.size, MOST_ROWS - 50_000 + 1);
  t.equal(connections.at(7), busy, "but not what has packets in flight");
  t.equal(
    connections.flows.reduce((sum, flow) => sum + flow.connections, 0),
    50_000 - 1,
  );
  t.equal(connections.flows[0]?.kept.length, 32);
  open(MOST_ROWS, 40_000_001);
  t.equal(tuples.size, MOST_ROWS - 50_000 + 2, "their room is used again");
  connections.foldAll();
  t.equal(tuples.size, 0);
});

t.test("… and where none is silent for so long, the older half", async (t) => {
  const { tuples, connections, open } = opener();
  const nowUs = 40_000_000;
  for (let index = 0; index < MOST_ROWS; index++) open(index, index < 100 ? 0 : nowUs + index);
  t.equal(tuples.size, MOST_ROWS / 2 - 50);
  t.strictSame(
    connections.flows.map(({ client, connections: over }) => `${over} of ${client.ip}`),
    ["65536 of 0.0.0.0", "50 of 0.0.0.1"],
  );
});

t.test("of too many flows the first are told apart, the rest counted", async (t) => {
  const tuples = new Tuples();
  const connections = new Connections(tuples, [], 1);
  const packet = packetOf({});
  const flowOf = (server: number): ReturnType<Connections["flowOf"]> => {
    packet.destination0 = 10 + server;
    const row = tuples.locate(packet);
    tuples.setClient(row, true);
    return connections.flowOf(connections.open(row, null, 0));
  };
  for (let server = 0; server < MOST_FLOWS; server++) flowOf(server);
  t.equal(connections.flows.length, MOST_FLOWS);
  t.equal(flowOf(MOST_FLOWS), null);
  t.equal(connections.flowsLeftOut, 1);
  t.equal(flowOf(5), connections.flows[5], "one that is known stays");
});

t.test("of many connections the first are kept, and those that failed in place of good ones", async (t) => {
  const { connections, open } = opener();
  for (let index = 0; index < 40; index++) {
    const connection = open(index, index);
    const { story } = connection;
    connection.signs = new TcpSigns();
    for (let said = 0; said <= index; said++)
      connection.signs.note(packetOf({ protocol: 6, payloadBytes: 1 }), 0, said);
    Object.assign(story, { synAcks: 1, established: index !== 3 && index !== 35 && index !== 37 });
  }
  connections.foldAll();
  const [flow] = connections.flows;
  t.equal(flow?.connections, 40);
  const all = Array.from({ length: 40 }, (_, index) => index + 1).reduce((sum, said) => sum + said);
  t.equal(flow?.totals[0].segments, all, "what those said that are not kept counts on");
  t.strictSame(
    flow?.kept.map(({ clientPort }) => clientPort),
    [35, 37, 2, 3, ...Array.from({ length: 28 }, (_, index) => 4 + index)],
  );
});
