import t from "tap";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { createFeed } from "../../lib/kube/exec-feed.js";

t.test("stdin goes in pieces, and no faster than the socket takes them", async (t) => {
  const stdin = new PassThrough({ highWaterMark: 16 * 1024 * 1024 });
  const pieces: Buffer[] = [];
  let waiting = 0;
  stdin.on("data", (piece: Buffer) => {
    pieces.push(piece);
    waiting += piece.length;
  });
  let progress = 0;
  const feed = createFeed(stdin, { bufferedBytes: () => waiting, onProgress: () => (progress += 1) });
  const bytes = Buffer.alloc(3_000_000, "0123456789");
  feed.write("first\n");
  feed.write(bytes);
  feed.end();
  feed.write("too late");
  await sleep(20);
  t.ok(waiting > 0 && waiting <= 1_400_000, "what is ahead is bounded");
  t.notOk(stdin.writableEnded);
  const drain = setInterval(() => (waiting = 0), 2);
  await new Promise((resolve) => stdin.once("end", resolve));
  clearInterval(drain);
  t.ok(Buffer.concat(pieces).equals(Buffer.concat([Buffer.from("first\n"), bytes])));
  t.ok(pieces.every((piece) => piece.length <= 256 * 1024));
  t.ok(progress > 0, "that the other side takes it is told");
});

t.test("what waits is dropped by stop", async (t) => {
  const stdin = new PassThrough();
  stdin.resume();
  const feed = createFeed(stdin, { bufferedBytes: () => 10_000_000, onProgress: () => undefined });
  feed.write("x");
  feed.stop();
  await sleep(20);
  t.equal(stdin.writableEnded, false);
  t.equal(stdin.writableLength, 0);
});
