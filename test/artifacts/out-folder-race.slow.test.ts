import t from "tap";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRunFolder } from "../../lib/artifacts/create.js";
import { startLinkRacer } from "../fixtures/link-racer.js";

const RUN = { runbook: "trace", target: "shop/web", now: new Date("2026-11-29T12:00:00Z"), id: "r" };
const NAME = "2026-11-29T12-00-00Z-trace-shop-web";
const skip = process.getuid?.() !== 0 && "needs root";

t.test(
  "another user races links against the run's folder in an --out that all may write",
  { skip },
  async (t) => {
    const base = mkdtempSync(join(tmpdir(), "hopbook-test-"));
    t.teardown(() => rmSync(base, { recursive: true, force: true }));
    chmodSync(base, 0o755);
    const victim = join(base, "victim");
    mkdirSync(victim, { mode: 0o700 });
    let won = 0;
    for (let round = 0; round < 8; round += 1) {
      const out = join(base, `out-${round}`);
      mkdirSync(out);
      chmodSync(out, 0o1777);
      const names = Array.from({ length: 12 }, (_, index) =>
        join(out, index === 0 ? NAME : `${NAME}-${index + 1}`),
      );
      const racer = await startLinkRacer(victim, [out, ...names]);
      const folders = await Promise.all(
        Array.from({ length: 6 }, async () => {
          const folder = await createRunFolder({ ...RUN, out });
          await folder.writeJson("evidence/a.json", {});
          await folder.writeText("captures/node-a/b.pcap", "b");
          folder.appendTranscript({ type: "event", at: "x", name: "y" });
          await folder.finish();
          return folder;
        }),
      );
      racer.kill("SIGKILL");
      for (const { dir } of folders) {
        t.ok(lstatSync(dir).isDirectory());
        t.strictSame(readdirSync(dir).sort(), ["captures", "evidence", "manifest.json", "transcript.jsonl"]);
      }
      won += names.filter((name) => lstatSync(name, { throwIfNoEntry: false })?.isSymbolicLink()).length;
      t.strictSame(readdirSync(victim), [], "nothing behind a link");
    }
    t.ok(won > 0, `${won} names were the other's`);
  },
);

t.test("a run's folder that was put in another's place is not written to", async (t) => {
  const dir = t.testdir({ victim: {}, out: {} });
  const folder = await createRunFolder({ ...RUN, out: join(dir, "out") });
  await folder.writeJson("a.json", {});
  for (const swap of ["a link", "a folder"]) {
    renameSync(folder.dir, join(dir, "moved"));
    if (swap === "a link") symlinkSync(join(dir, "victim"), folder.dir);
    else mkdirSync(folder.dir);
    await t.rejects(folder.writeJson("b.json", {}), { code: "ARTIFACTS_UNWRITABLE" }, swap);
    t.throws(() => folder.path("captures/c.pcap"), { code: "ARTIFACTS_UNWRITABLE" });
    folder.appendTranscript({ type: "event", at: "x", name: "kept until it can be written" });
    await t.rejects(folder.finish(), { code: "ARTIFACTS_UNWRITABLE" });
    t.strictSame(readdirSync(join(dir, "victim")), []);
    t.strictSame(readdirSync(folder.dir), []);
    rmSync(folder.dir, { recursive: true });
    renameSync(join(dir, "moved"), folder.dir);
  }
  await folder.finish();
  t.match(readFileSync(join(folder.dir, "transcript.jsonl"), "utf8"), /^(\{.*kept until.*\}\n){2}$/);
});
