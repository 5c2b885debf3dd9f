import t from "tap";
import { createLineQueue, MAX_LINE_BYTES } from "../../lib/process/lines.js";
import { fc } from "../fixtures/property.js";

const quiet = { highWaterBytes: 1_000_000_000, onFull: () => undefined, onDrained: () => undefined };

async function readAll(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

t.test("however the bytes are cut, the lines are the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", ""))),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      async (texts, cuts) => {
        const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(""));
        const queue = createLineQueue(quiet);
        for (let start = 0, i = 0; start < bytes.length; i++) {
          const size = cuts[i % cuts.length] ?? 1;
          queue.push(bytes.subarray(start, start + size));
          start += size;
        }
        queue.close();
        return JSON.stringify(await readAll(queue.lines)) === JSON.stringify(texts);
      },
    ),
  );
});

t.test("a last line without a newline is handed out, an empty one is not", async (t) => {
  const queue = createLineQueue(quiet);
  queue.push(Buffer.from("a\n\nb"));
  queue.close();
  queue.close();
  t.same(await readAll(queue.lines), ["a", "", "b"]);
});

t.test("a line without end comes in pieces", async (t) => {
  const queue = createLineQueue(quiet);
  queue.push(Buffer.alloc(MAX_LINE_BYTES * 2 + 5, "x"));
  queue.push(Buffer.from("y\nz\n"));
  queue.close();
  t.same(
    (await readAll(queue.lines)).map((line) => line.length),
    [MAX_LINE_BYTES, MAX_LINE_BYTES, 6, 1],
  );
});

t.test("a slow reader stops the writer, and starts it again", async (t) => {
  const events: string[] = [];
  const queue = createLineQueue({
    highWaterBytes: 150,
    onFull: () => events.push("full"),
    onDrained: () => events.push("drained"),
  });
  queue.push(Buffer.from("123456\n"));
  t.same(events, []);
  queue.push(Buffer.from("123456\n"));
  queue.push(Buffer.from("1\n"));
  t.same(events, ["full"]);
  const lines = queue.lines[Symbol.asyncIterator]();
  for (let i = 0; i < 3; i++) await lines.next();
  const next = lines.next();
  await new Promise((resolve) => setImmediate(resolve));
  t.same(events, ["full", "drained"]);
  queue.push(Buffer.from("late\n"));
  t.equal((await next).value, "late");
});
