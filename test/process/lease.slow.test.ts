import t from "tap";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Argv } from "../../lib/model/access.js";
import { buildLeased } from "../../lib/process/lease.js";
import { startProcess } from "../../lib/process/start.js";
import { WATCHED_CHILD } from "../../lib/model/watched-child.js";
import { waitUntil } from "../fixtures/patience.js";

/** A command that is ended while it is started: whatever the moment, nothing of it goes on. */

/** With how many ends are tried: a bash waits for its helpers' sleep. */
const SHELLS = [
  ["dash", ["/bin/dash"], 100],
  ["bash", ["/bin/bash", "--posix"], 12],
  ["busybox", ["/bin/busybox", "sh"], 100],
] as const;
/** So long a start takes, or more: the end comes at any moment of it. */
const START_MS = 12;

function findByWord(word: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(word);
    } catch {
      return false;
    }
  });
}

for (const [name, shell, times] of SHELLS) {
  const skip = existsSync(shell[0]) ? false : `there is no ${shell[0]}`;
  const watched = [...shell, "-c", `lease=20 seconds=100; ${WATCHED_CHILD} watched "$@"`, "watched"];
  const commands = [
    ["under a lease", (argv: Argv) => [...shell, ...buildLeased(argv, { timeoutMs: 60_000 }).slice(1)]],
    ["that is watched", (argv: Argv) => [...watched, ...argv]],
  ] as const;
  for (const [what, wrap] of commands) {
    t.test(`a command ${what} of a ${name} is ended while it starts`, { skip }, async (t) => {
      const word = `hopbook-early-${process.pid}-${name}-${what.length}`;
      const argv = ["bash", "--noprofile", "--norc", "-c", "while :; do sleep 0.2; done", word] as const;
      const runOne = async (index: number): Promise<void> => {
        const [program = "", ...rest] = wrap(argv);
        const child = startProcess([program, ...rest], {
          env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
          stdin: "open",
        });
        await sleep((START_MS * index) / times);
        child.end();
        await child.done;
      };
      for (let index = 0; index < times; index += 4) {
        await Promise.all([0, 1, 2, 3].map((more) => runOne(index + more)));
      }
      await waitUntil(() => findByWord(word).length === 0);
      t.strictSame(findByWord(word), []);
    });
  }
}
