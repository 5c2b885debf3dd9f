import t from "tap";
import { randomBytes } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createFileWriter } from "../../../lib/access/files/writer.js";

t.test("chunks are written in order, and a reader that is too fast is held back", async (t) => {
  const path = join(t.testdir(), "out");
  const file = await open(path, "w");
  const told: string[] = [];
  const chunks = Array.from({ length: 700 }, () => randomBytes(30_011));
  const writer = createFileWriter(file.fd, {
    onFull: () => told.push("full"),
    onDrained: () => told.push("drained"),
    onError: (error) => t.fail(error.message),
  });
  for (const chunk of chunks) writer.push(chunk);
  await writer.finish();
  await file.close();
  t.ok(Buffer.concat(chunks).equals(await readFile(path)));
  t.same(told, ["full", "drained"]);
  await writer.finish();
});

t.test("a file that cannot be written is told once, and nothing is kept", async (t) => {
  const file = await open(join(t.testdir({ there: "" }), "there"), "r");
  let errors = 0;
  const writer = createFileWriter(file.fd, {
    onFull: () => undefined,
    onDrained: () => undefined,
    onError: () => (errors += 1),
  });
  writer.push(Buffer.from("a"));
  await writer.finish();
  writer.push(Buffer.from("b"));
  await writer.finish();
  await file.close();
  t.equal(errors, 1);
});
