import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import type { LiveCounts, LivePoint } from "../../lib/model/live/view.js";
import type { LiveOutput } from "../../lib/live/output.js";
import { makePcapngWriter } from "../../lib/live/pcapng-writer.js";
import { makeLiveStream } from "../../lib/live/stream.js";
import { openCapture } from "../../lib/packets/open.js";

const dir = mkdtempSync(join(tmpdir(), "hopbook-stream-"));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));

const point = (id: string, node: string): LivePoint => ({
  ...{ id, node, name: `${id}/eth0@${node}`, description: `eth0 of ${id}`, filter: "udp", snaplenBytes: 320 },
});
const NONE: LiveCounts = { captured: null, received: null, droppedByKernel: null, droppedByInterface: null };
const START = Buffer.from("d4c3b2a1020004000000000000000000400100000100000", "hex");

function record(sec: number, payload: string): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(1_700_000_000 + Math.floor(sec), 0);
  head.writeUInt32LE(Math.round((sec % 1) * 1e6), 4);
  head.writeUInt32LE(payload.length, 8);
  head.writeUInt32LE(payload.length, 12);
  return Buffer.concat([head, Buffer.from(payload)]);
}
const header = (): Buffer => Buffer.concat([START, Buffer.alloc(24 - START.length)]);

/** What was written; `waitingBytes` as it is set. */
function keep(): LiveOutput & { waitingBytes: number; readonly blocks: Uint8Array[] } {
  const blocks: Uint8Array[] = [];
  return {
    blocks,
    waitingBytes: 0,
    isClosed: false,
    write: (bytes) => void blocks.push(bytes),
    end: () => Promise.resolve(0),
  };
}

function read(blocks: readonly Uint8Array[]): string[] {
  const file = join(dir, "read.pcapng");
  writeFileSync(file, Buffer.concat(blocks));
  const reader = openCapture(file);
  const told: string[] = [];
  while (reader.next()) {
    const text = Buffer.from(reader.bytes.subarray(reader.at, reader.at + reader.capturedBytes)).toString();
    told.push(`${String(reader.interface)} ${reader.timeUs / 1e6 - 1_700_000_000 > 0 ? "" : "-"}${text}`);
  }
  reader.close();
  return told;
}

t.test(
  "points of two nodes are one stream in the order of corrected times; its counts say what is not in it",
  async (t) => {
    const output = keep();
    const notes: string[] = [];
    const feed = makeLiveStream({
      ...{
        output,
        writer: makePcapngWriter("hopbook", "run a"),
        onNote: (_level, text) => void notes.push(text),
      },
    }).begin([point("x", "node-a"), point("y", "node-b")], null);
    t.notOk(feed.hasRoom, "clocks are not known yet");
    feed.clock("node-a", { aheadMs: 0, errorMs: 1 });
    feed.clock("node-b", { aheadMs: 10_000, errorMs: 1 });
    t.ok(feed.hasRoom);
    feed.bytes("x", header());
    feed.bytes("y", Buffer.concat([header(), record(12, "second"), record(14, "fourth")]));
    feed.bytes("x", Buffer.concat([record(1, "first"), record(3, "third")]));
    feed.bytes("z", Buffer.from("nobody's"));
    feed.grown("x", 100);
    await feed.end(new Map([["x", { ...NONE, captured: 5, droppedByKernel: 1 }]]));
    t.strictSame(read(output.blocks), [
      ...["x/eth0@node-a first", "y/eth0@node-b second", "x/eth0@node-a third", "y/eth0@node-b fourth"],
    ]);
    t.strictSame(notes, [
      "4 packets went to the live stream; 3 were left out of it, which the run's files have",
    ]);
    const text = Buffer.concat(output.blocks).toString("latin1");
    t.match(text, "its clock is 10.0 s ahead of that of node-a");
    t.match(text, "3 packets were left out of this stream");
  },
);

t.test("points that begin meanwhile are in the stream from then on, each by its node's clock", async (t) => {
  const output = keep();
  const writer = makePcapngWriter("hopbook", "");
  const feed = makeLiveStream({ output, writer, onNote: () => undefined }).begin(
    [point("x", "node-a")],
    null,
  );
  feed.clock("node-a", { aheadMs: 0, errorMs: 1 });
  feed.bytes("x", Buffer.concat([header(), record(1, "first"), record(3, "third")]));
  feed.bytes("y", header());
  feed.join([point("y", "node-b")]);
  t.ok(feed.hasRoom, "the others do not wait for a clock that is not known yet");
  feed.clock("node-b", { aheadMs: 10_000, errorMs: 1 });
  feed.bytes("y", Buffer.concat([header(), record(12, "second")]));
  await feed.end(new Map());
  t.strictSame(read(output.blocks), [
    ...["x/eth0@node-a first", "y/eth0@node-b second", "x/eth0@node-a third"],
  ]);
});

t.test("what a slow reader does not take waits on the node, and then is left out", async (t) => {
  const output = keep();
  const notes: string[] = [];
  const feed = makeLiveStream({
    ...{
      output,
      writer: makePcapngWriter("hopbook", ""),
      onNote: (level, text) => void notes.push(`${level} ${text}`),
    },
  }).begin([point("x", "node-a")], null);
  feed.clock("node-a", { aheadMs: 0, errorMs: 1 });
  feed.bytes("x", Buffer.concat([header(), record(1, "a")]));
  output.waitingBytes = 9 * 1024 * 1024;
  t.notOk(feed.hasRoom);
  output.waitingBytes = 17 * 1024 * 1024;
  await feed.end(new Map());
  t.strictSame(read(output.blocks), []);
  t.strictSame(notes, [
    "warn 0 packets went to the live stream; 1 were left out of it, which the run's files have",
  ]);
});

t.test("what cannot be shown is said, and the rest goes on", async (t) => {
  const output = keep();
  const notes: string[] = [];
  const feed = makeLiveStream({
    ...{
      output,
      writer: makePcapngWriter("hopbook", ""),
      onNote: (level, text) => void notes.push(`${level} ${text}`),
    },
  }).begin([point("x", "node-a"), point("y", "node-a")], null);
  feed.bytes("x", Buffer.alloc(100, 1));
  feed.bytes("x", Buffer.alloc(100, 1));
  feed.bytes("y", Buffer.concat([header(), record(1, "a")]));
  feed.counts("y", { ...NONE, captured: 1 });
  feed.gap("y");
  feed.blind("node-a", "it does not answer");
  await feed.end(new Map());
  t.strictSame(read(output.blocks), ["y/eth0@node-a a"]);
  t.match(notes, [
    /^warn x\/eth0@node-a is not seen live: /,
    /^warn node-a is not seen live any more: it does/,
    /^info 1 pa/,
  ]);
});

t.test("what happened meanwhile stands at the next packet, or at the end where none follows", async (t) => {
  const output = keep();
  const stream = makeLiveStream({ output, writer: makePcapngWriter("h", "r"), onNote: () => undefined });
  stream.mark({ timeMs: 1, text: "nobody watches yet" });
  const feed = stream.begin([point("x", "node-a")], null);
  feed.clock("node-a", { aheadMs: 0, errorMs: 1 });
  const at = (sec: number): number => (1_700_000_000 + sec) * 1000;
  stream.mark({ timeMs: at(9), text: "mark: late" });
  stream.mark({ timeMs: at(2), text: "mark: the rollout began" });
  feed.bytes("x", Buffer.concat([header(), record(1, "first"), record(3, "second"), record(4, "third")]));
  await feed.end(new Map());
  t.strictSame(read(output.blocks), [
    ...["x/eth0@node-a first", "x/eth0@node-a second", "x/eth0@node-a third"],
  ]);
  const saying = output.blocks.map(
    (block) => /[0-9T:.-]+Z mark: [a-z ]+/.exec(Buffer.from(block).toString("latin1"))?.[0],
  );
  t.strictSame(saying.slice(2), [
    ...[undefined, "2023-11-14T22:13:22.000Z mark: the rollout began", undefined],
    "2023-11-14T22:13:29.000Z mark: late",
  ]);
});
