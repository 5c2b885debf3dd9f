import t from "tap";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DETACHED_AGENT, DETACHED_LIST } from "../../lib/capture/detached-agent.js";

/** What goes on without its client, from its start to its end, in each shell that there is. */

const canCapture = process.getuid?.() === 0 && spawnSync("tcpdump", ["--version"]).status === 0;
const SHELLS = [["dash"], ["bash"], ["busybox", "sh"]].filter(
  ([name = ""]) => spawnSync(name, ["true"]).error === undefined,
);

/** A client of the agent: says words, and waits for lines. */
function client([shell = "sh", ...rest]: readonly string[], words: readonly string[]) {
  const child = spawn(shell, [...rest, "-c", DETACHED_AGENT, "hopbook-capture-detached", ...words], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  return {
    say: (word: string) => child.stdin.write(`${word}\n`),
    end: () => child.stdin.end(),
    done: once(child, "close"),
    async until(word: string): Promise<string> {
      for (;;) {
        const line = lines.find((each) => each.startsWith(word));
        if (line !== undefined) return line;
        await Promise.race([once(reader, "line"), once(reader, "close")]);
      }
    },
  };
}

for (const shell of SHELLS) {
  t.test(`${shell[0]}: left, listed, kept beside, taken up, removed`, { skip: !canCapture }, async (t) => {
    const work = t.testdir({});
    const dir = join(work, "hopbook-x");
    const state = `${dir}.detached`;
    const meta = JSON.stringify({ run: "x" });
    const run = (script: string, words: readonly string[], input = ""): string =>
      spawnSync(shell[0] ?? "sh", [...shell.slice(1), "-c", script, "hopbook-x", ...words], {
        input,
        encoding: "utf8",
      }).stdout;
    const limits = ["60", "1024", "0", "160", "4096"];
    const hop = ["h1", "-", "lo", "128", "n", "icmp"];
    const starter = client(shell, ["start", state, dir, "160", meta, dir, ...limits, ...hop]);
    await starter.until("ready");
    starter.say("leave");
    await starter.until("left");
    starter.end();
    await starter.done;
    t.strictSame(readdirSync(work).sort(), ["hopbook-x", "hopbook-x.detached"]);
    t.equal(statSync(state).mode & 0o777, 0o700);
    const [until = "", up = ""] = readFileSync(join(state, "expires"), "utf8").split(" ");
    const seconds = Number(until) - Date.now() / 1000;
    t.ok(seconds > 100 && seconds <= 161, `kept for ${seconds} s`);
    t.match(up, /^\d+$/, "and by the time since the node's start");
    t.match(run(DETACHED_LIST, ["list", work]), /^run .*hopbook-x\.detached live \d+ \{"run":"x"\}\n$/);
    t.equal(run(DETACHED_AGENT, ["keep", state, dir], "a bundle"), "kept\n");
    t.equal(run(DETACHED_LIST, ["bundle", state]), "a bundle");
    const second = client(shell, ["attach", state, dir]);
    await second.until("ready");
    t.match(run(DETACHED_AGENT, ["attach", state, dir]), /^error locked/, "one client at a time");
    second.say("stop");
    await second.until("stopped");
    t.match(run(DETACHED_LIST, ["list", work]), / stopped /);
    second.say("remove");
    await second.until("removed");
    second.end();
    await second.done;
    t.strictSame(readdirSync(work), []);
  });
}
