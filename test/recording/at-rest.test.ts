import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { filesDone, watchWorks } from "../../lib/recording/at-rest.js";
import { withBusyPool } from "../fixtures/busy-pool.js";

t.test("files are worked on until the pool has done with them, on each version of Node", async (t) => {
  const file = join(t.testdir({}), "notes");
  const works = watchWorks();
  t.equal(works.onFiles(), false);
  await withBusyPool(async () => {
    let isWritten = false;
    const writing = writeFile(file, "text").then(() => (isWritten = true));
    t.equal(works.onFiles(), true);
    while (!isWritten) await filesDone(works, () => 0);
    await writing;
  });
  t.equal(await filesDone(works, () => 0), true);
  t.equal(works.onFiles(), false);
  works.end();
  const unseen = writeFile(file, "more");
  t.equal(works.onFiles(), false, "nobody asks any more");
  await unseen;
});
