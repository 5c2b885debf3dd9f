import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import t, { type Test } from "tap";
import type { Argv } from "../../../lib/model/access.js";
import { startProcess } from "../../../lib/process/start.js";
import { openRelay, type Relay } from "../../../lib/access/relay/shell.js";
import { waitUntil } from "../../fixtures/patience.js";
import { createFrameReader, type RelayFrame } from "../../../lib/access/relay/frames.js";

const ENV = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
const OPTIONS = { timeoutMs: 10_000, maxOutputBytes: 1024 * 1024, signal: new AbortController().signal };
const SHELLS: readonly Argv[] = [["sh"], ["bash", "--posix"], ["bash"], ["busybox", "sh"]];

/** `prelude` is read by the shell before the relay's own text. */
async function open(shell: Argv = ["sh"], prelude = ""): Promise<Relay> {
  const relay = await openRelay((argv, options) => {
    const started = startProcess(argv, { ...options, env: ENV });
    if (prelude !== "") started.write(prelude);
    return Promise.resolve(started);
  }, shell);
  if (relay === null) throw new Error(`no relay in ${shell.join(" ")}`);
  return relay;
}

/** Its folder is known by the mktemp that it calls; other folders come and go meanwhile. */
async function openKnown(t: Test, prelude = ""): Promise<{ relay: Relay; folder: string }> {
  const told = join(t.testdir(), "told");
  const relay = await open(["sh"], `mktemp() { command mktemp "$@" | tee -a '${told}'; }\n${prelude}\n`);
  return { relay, folder: readFileSync(told, "utf8").trim() };
}

for (const shell of SHELLS) {
  const skip = hasProgram(shell[0]) ? false : `${shell[0]} is not installed`;
  t.test(`a relay in ${shell.join(" ")}`, { skip }, async (t) => {
    const relay = await open(shell);
    t.teardown(() => relay.close());
    for (const code of [0, 1, 2, 77, 126, 127, 137, 255]) {
      const result = await relay.run(
        ["sh", "-c", 'echo "$1"; echo no >&2; exit "$1"', "sh", String(code)],
        OPTIONS,
      );
      t.match(result, { how: "ended", exitCode: code, truncated: false });
      if (result.how !== "ended") continue;
      t.equal(result.stdout.toString(), `${code}\n`);
      t.equal(result.stderr.toString(), "no\n");
    }
    t.match(await relay.run(["hopbook-no-such-program"], OPTIONS), { how: "ended", exitCode: 127 });
    t.match(await relay.run(["/etc/passwd"], OPTIONS), { how: "ended", exitCode: 126 });
    const args = ["", " ", "a'b", "$(reboot)", "`id`", "x\ny\n", "\\", "é", '"', "-n", "*", "#", "\r\n", "!"];
    const said = await relay.run(["printf", "%s\\0", ...args], OPTIONS);
    t.equal(said.how === "ended" ? said.stdout.toString() : "", args.map((arg) => `${arg}\0`).join(""));
    t.match(await relay.run(["cat"], OPTIONS), { exitCode: 0 }, "a command has no stdin");
    // What a command writes to a file of its own is not its output.
    const file = join(t.testdir(), "large");
    const large = await relay.run(["sh", "-c", 'head -c 3000000 /dev/zero >"$1"', "sh", file], OPTIONS);
    t.match(large, { how: "ended", exitCode: 0 });
    t.equal(statSync(file).size, 3_000_000);
  });
}

t.test("bytes come back as they are, of many commands side by side", async (t) => {
  const relay = await open();
  t.teardown(() => relay.close());
  const bytes = [...Array(256).keys()].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  const results = await Promise.all(
    [...Array(40).keys()].map((index) =>
      relay.run(
        ["sh", "-c", 'printf "$1"; printf "$2" >&2', "sh", bytes.repeat(index), String(index)],
        OPTIONS,
      ),
    ),
  );
  const all = Buffer.from([...Array(256).keys()]);
  for (const [index, result] of results.entries()) {
    if (result.how !== "ended") t.fail(`${index}: ${result.how}`);
    else {
      t.ok(result.stdout.equals(Buffer.concat(Array<Buffer>(index).fill(all))), `stdout of ${index}`);
      t.equal(result.stderr.toString(), String(index));
    }
  }
});

/** busybox-static's head(1) runs within its shell, and ends with 0 where its last write alone had room. */
const SILENT_HEAD = 'head() { command head "$@" 2>/dev/null || :; }\n';

// Each has a /dev/shm of its own, and waits for a second: side by side.
t.jobs = 2 * SHELLS.length;

for (const shell of SHELLS) {
  const skip = hasProgram(shell[0]) && process.getuid?.() === 0 ? false : `needs root and ${shell[0]}`;
  for (const prelude of ["", SILENT_HEAD]) {
    const name = `no room for what is printed, in ${shell.join(" ")}${prelude && " with a head that does not tell"}`;
    t.test(`${name}: cut, and no other harm`, { skip, buffered: true }, async (t) => {
      const little = 'mount -t tmpfs -o size=256k little /dev/shm && exec "$@"';
      const relay = await open(["unshare", "-m", "sh", "-c", little, "sh", ...shell], prelude);
      t.teardown(() => relay.close());
      const much = await relay.run(["head", "-c", "900000", "/dev/zero"], OPTIONS);
      t.match(much, { how: "ended", truncated: true });
      const errors = await relay.run(["sh", "-c", "head -c 900000 /dev/zero >&2; exit 3"], OPTIONS);
      t.match(errors, { how: "ended", truncated: true });
      // All that is there goes to one of them; the others have no room for their exit code even.
      const many = await Promise.all(
        [...Array(8).keys()].map(() =>
          // What each has printed stays there until it ends, so that all of it is there at once.
          relay.run(["sh", "-c", "head -c 100000 /dev/zero; sleep 1"], OPTIONS),
        ),
      );
      for (const each of many) {
        t.ok(each.how === "ended" && (each.truncated || each.stdout.length === 100_000), "whole, or said");
      }
      t.ok(many.some((each) => each.how === "ended" && each.truncated));
      t.match(await relay.run(["sh", "-c", "echo out; exit 5"], OPTIONS), { exitCode: 5, truncated: false });
    });
  }
}

t.test("too much output, too long, and given up", async (t) => {
  const relay = await open();
  t.teardown(() => relay.close());
  const much = await relay.run(["head", "-c", "100000", "/dev/zero"], { ...OPTIONS, maxOutputBytes: 1000 });
  t.match(much, { how: "ended", truncated: true });
  t.equal(much.how === "ended" ? much.stdout.length : 0, 1000);
  const exact = await relay.run(["head", "-c", "1000", "/dev/zero"], { ...OPTIONS, maxOutputBytes: 1000 });
  t.match(exact, { how: "ended", truncated: false, exitCode: 0 });
  t.match(await relay.run(["sleep", "30"], { ...OPTIONS, timeoutMs: 300 }), { how: "timedOut" });
  const given = new AbortController();
  setTimeout(() => given.abort(), 100);
  t.match(await relay.run(["sleep", "30"], { ...OPTIONS, signal: given.signal }), { how: "canceled" });
  t.match(await relay.run(["true"], { ...OPTIONS, signal: given.signal }), { how: "canceled" });
  t.match(await relay.run(["true"], OPTIONS), { how: "ended", exitCode: 0 }, "the relay goes on");
});

t.test("its end leaves no folder and no process, and tells those who wait", async (t) => {
  const { relay, folder } = await openKnown(t);
  t.match(folder, /^\/\S+\/hopbook-relay-\w+$/);
  t.ok(existsSync(folder));
  const waiting = relay.run(["sleep", "5"], OPTIONS);
  await relay.close();
  t.match(await waiting, { how: "lost" });
  t.notOk(relay.isAlive());
  t.match(await relay.run(["true"], OPTIONS), { how: "lost" });
  t.ok(await waitUntil(() => !existsSync(folder)));
});

t.test("a command that begins while the relay ends leaves no folder either", async (t) => {
  // As rm(1) fails where a file comes while it removes: the first does.
  const racing = `rm() { case $1 in -rf) unset -f rm; command rm -f "$dir/done"; : >"$dir/1.out"; return 1 ;; esac; command rm "$@"; }`;
  const { relay, folder } = await openKnown(t, racing);
  t.ok(existsSync(folder));
  await relay.close();
  t.ok(await waitUntil(() => !existsSync(folder)));
});

t.test("no relay where there is no shell, or one that says something else", async (t) => {
  const start = (argv: Argv) => (_: Argv, options: object) =>
    Promise.resolve(startProcess(argv, { ...(options as { stdin: "open" }), env: ENV }));
  t.equal(await openRelay(start(["hopbook-no-such-shell"])), null);
  t.equal(await openRelay(start(["sh", "-c", "echo welcome to this machine; cat >/dev/null"])), null);
  t.equal(await openRelay(start(["false"])), null);
});

t.test("frames, however they are cut", async (t) => {
  const body = fc.record({
    id: fc.nat(999_999_999),
    exitCode: fc.nat(255),
    stdout: fc.uint8Array({ maxLength: 300 }),
    stderr: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(
    fc.property(
      fc.array(body, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (frames, cuts) => {
        const text = Buffer.concat([
          Buffer.from("hopbook-relay ready\n"),
          ...frames.flatMap(({ id, exitCode, stdout, stderr }) => [
            Buffer.from(`hopbook-relay ${id} ${exitCode} ${stdout.length} ${stderr.length}\n`),
            stdout,
            stderr,
          ]),
        ]);
        const got: RelayFrame[] = [];
        let ready = 0;
        const reader = createFrameReader({
          ready: () => ready++,
          frame: (frame) => got.push(frame),
          maxBytes: () => 1000,
        });
        for (let at = 0, turn = 0; at < text.length; turn++) {
          const size = cuts[turn % cuts.length] ?? 1;
          reader.push(text.subarray(at, at + size));
          at += size;
        }
        return (
          ready === 1 &&
          got.length === frames.length &&
          got.every((frame, index) => {
            const wanted = frames[index];
            return (
              wanted?.id === frame.id &&
              wanted.exitCode === frame.exitCode &&
              frame.stdout.equals(wanted.stdout) &&
              frame.stderr.equals(wanted.stderr)
            );
          })
        );
      },
    ),
  );
  for (const bad of ["welcome\n", "hopbook-relay 1 2 3\n", "hopbook-relay 1 0 9999 0\n", "x".repeat(101)]) {
    const reader = createFrameReader({
      ready: () => undefined,
      frame: () => undefined,
      maxBytes: () => 1000,
    });
    t.throws(() => reader.push(Buffer.from(bad)), RangeError);
  }
});

function hasProgram(name: string): boolean {
  return spawnSync("sh", ["-c", 'command -v "$1"', "sh", name]).status === 0;
}
