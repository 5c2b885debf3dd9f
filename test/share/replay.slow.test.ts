import t from "tap";
import { cpSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { openRunFolder } from "../../lib/artifacts/folder.js";
import { readFindings, readManifest } from "../../lib/artifacts/read.js";
import { replayRun } from "../../lib/replay/replay.js";
import { compareVerdicts } from "../../lib/verdict/compare.js";
import { shareRun } from "../../lib/share/share.js";
import { verifyArchive } from "../../lib/share/verify.js";
import { readPack, unpackRun } from "../fixtures/runs/pack.js";

/** Whoever is given an archive can run it again: each playbook's recorded run, shared, unpacked and replayed. */

process.env["TMPDIR"] = t.testdir({});
const quiet = { signal: new AbortController().signal, onEvent: () => undefined, grants: { yes: true } };

/** Where a packed run is a whole run folder: what it lacks is what its replay leaves. */
async function unfold(run: Parameters<typeof unpackRun>[0], cwd: string): Promise<string> {
  const packed = join(cwd, "packed");
  unpackRun(run, packed);
  const { dir } = await replayRun({ dir: packed, cwd, out: join(cwd, "runs"), ...quiet });
  if (dir === null) throw new Error("the replay left nothing");
  cpSync(join(packed, "recording"), join(dir, "recording"), { recursive: true });
  const { run: about } = await readManifest(dir);
  await openRunFolder({ dir, ...about, createdAt: new Date(about.createdAt) }).finish();
  return dir;
}

for (const [name, run] of Object.entries(readPack())) {
  t.test(name, async (t) => {
    const cwd = t.testdir({ given: {} });
    const dir = await unfold(run, cwd);
    const options = { dir, out: "run.tar.gz", key: null, keepsPayload: false, cwd };
    const { archive, key, report } = await shareRun(options);
    t.strictSame(report.verdict, { differences: [] });
    const { left, unread } = await verifyArchive(archive, key);
    t.strictSame([left, unread], [[], []]);
    const given = join(cwd, "given");
    execFileSync("tar", ["-xzf", archive, "-C", given, "--strip-components=1"]);
    const { findings, exitCode } = await replayRun({ dir: given, cwd, ...quiet });
    const told = await readFindings(given);
    t.strictSame(compareVerdicts(told, findings), []);
    const judged = (all: typeof told): unknown => all.checks.map(({ code, status }) => ({ code, status }));
    t.strictSame(judged(findings), judged(told));
    t.equal(exitCode, run.exitCode);
  });
}
