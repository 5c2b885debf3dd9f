import t from "tap";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { readFindings, verifyManifest } from "../../lib/artifacts/read.js";
import { compareVerdicts } from "../../lib/verdict/compare.js";
import { readKey } from "../../lib/share/key.js";
import { revealText } from "../../lib/share/reveal.js";
import { replayRun } from "../../lib/replay/replay.js";
import { shareRun } from "../../lib/share/share.js";
import { verifyArchive } from "../../lib/share/verify.js";

const RUNS = join(import.meta.dirname, "../../docs/example-runs");

for (const name of ["healthy", "policy-drop"]) {
  t.test(`${name}: no original is left, and the verdict is the same`, async (t) => {
    const cwd = t.testdir();
    const options = { dir: join(RUNS, name), out: "run.tar.gz", key: null, keepsPayload: false, cwd };
    const { archive, key, report } = await shareRun(options);
    t.strictSame(report.verdict, { differences: [] });
    t.strictSame([report.leftOut, report.damaged], [[], []]);
    t.equal(
      report.counts.payloadBytes > 0,
      name === "healthy",
      "what was overwritten counts; probes keep theirs",
    );
    t.equal(statSync(key).mode & 0o777, 0o600);
    const verified = await verifyArchive(archive, key);
    t.strictSame([verified.left, verified.unread], [[], []]);
    t.ok(verified.originals > 50 && verified.packets > 50);
    execFileSync("tar", ["-xzf", archive, "-C", cwd]);
    t.notOk(existsSync(join(cwd, name, "evidence", "node-a")), "files are called by pseudonyms too");
    t.strictSame(await verifyManifest(join(cwd, name)), { changed: [], missing: [], unlisted: [] });
    const shared = execFileSync(
      "cat",
      [join(cwd, name, "report.md"), join(cwd, name, "recording/index.jsonl")],
      {
        encoding: "utf8",
      },
    );
    t.notMatch(
      shared,
      /shop\/|node-a|192\.168\.174\.12[89]\b|192\.168\.218\.6[45]\b|10\.77\.0\.1[12]\b|c0a8ae81/,
    );
    const revealed = revealText(readFileSync(join(cwd, name, "report.md"), "utf8"), await readKey(key));
    t.match(revealed, /shop\/client → shop\/web:8080/);
    const replayed = await replayRun({
      ...{ dir: join(cwd, name), cwd, grants: { yes: true } },
      ...{ signal: new AbortController().signal, onEvent: () => undefined },
    });
    const given = await readFindings(join(cwd, name));
    t.strictSame(compareVerdicts(given, replayed.findings), [], "who gets it can run it again");
    await t.rejects(shareRun(options), { code: "ARTIFACTS_UNWRITABLE" }, "nothing is written over");
  });
}

/** As commands have what probes send. */
function escaped(escape: string, text: string): string {
  return Array.from(Buffer.from(text), (byte) => `${escape}${byte.toString(16).padStart(2, "0")}`).join("");
}

t.test("an original that is put into an archive is found", async (t) => {
  const cwd = t.testdir();
  const { archive, key } = await shareRun({
    ...{ dir: join(RUNS, "policy-drop"), out: "run.tar.gz", key: "run.key.json" },
    ...{ keepsPayload: false, cwd },
  });
  execFileSync("tar", ["-xzf", archive, "-C", cwd]);
  const left = [
    "node-a is down",
    "to 192.168.174.129.443:",
    "0xc0a8ae81",
    "81AEA8C0:1F90",
    "pod shop/client",
    Buffer.from("node-a is").toString("base64"),
    `sh -c probe ${escaped("\\x", "\x06node-a\x04shop\x00")}`,
    JSON.stringify(escaped("\\x", "GET http://192.168.174.129/")),
  ];
  writeFileSync(join(cwd, "policy-drop", "notes.txt"), `${left.join("\n")}\n`);
  writeFileSync(
    join(cwd, "policy-drop", "captures", "original.pcap"),
    readFileSync(join(RUNS, "policy-drop/captures/node-a/node-a.nic.eth0.pcap")),
  );
  execFileSync("tar", ["-czf", join(cwd, "worse.tar.gz"), "-C", cwd, "policy-drop"]);
  const verified = await verifyArchive(join(cwd, "worse.tar.gz"), key);
  const lines = verified.left.filter(({ path }) => path.endsWith("notes.txt")).map(({ at }) => at);
  t.strictSame(lines, [1, 2, 3, 4, 5, 6, 7, 7, 8]);
  const frames = verified.left.filter(({ path }) => path.endsWith("original.pcap"));
  t.ok(frames.some(({ original }) => original === "192.168.174.129"));
  t.ok(frames.some(({ original }) => original === "10.77.0.11"));
});
