import t from "tap";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
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
  const closed = once(reader, "close").then(() => null);
  return {
    say: (word: string) => child.stdin.write(`${word}\n`),
    end: () => child.stdin.end(),
    done: once(child, "close"),
    async until(word: string): Promise<string> {
      for (;;) {
        const line = lines.find((each) => each.startsWith(word));
        if (line !== undefined) return line;
        if ((await Promise.race([once(reader, "line"), closed])) === null)
          throw new Error(`It ended before "${word}": ${lines.join(" | ")}`);
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
    const limits = ["60", "1024", "0", "160", "4096", "0", "0"];
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

for (const shell of SHELLS) {
  t.test(`${shell[0]}: the ring of an agent that died is put together`, { skip: !canCapture }, async (t) => {
    const work = t.testdir({});
    const dir = join(work, "hopbook-x");
    const state = `${dir}.detached`;
    const limits = ["60", "1024", "0", "160", "4096", "3", "1"];
    const hop = ["h1", "-", "lo", "128", "n", "icmp and host 127.66.0.9"];
    const starter = client(shell, ["start", state, dir, "160", "{}", dir, ...limits, ...hop]);
    await starter.until("ready");
    spawnSync("ping", ["-q", "-c", "3", "-i", "0.01", "127.66.0.9"]);
    // As long as a client waits before it stops them.
    await sleep(300);
    starter.say("leave");
    await starter.until("left");
    starter.end();
    await starter.done;
    const [keeper = ""] = readFileSync(join(state, "pid"), "utf8").split(" ");
    const [agent = ""] = readFileSync(join(dir, "agent"), "utf8").split(" ");
    // Its ticker would see to its end: as when the node goes down, all of them die at once, which a program for each would not be.
    const group = spawnSync("ps", ["-o", "pid=,ppid=", "-A"], { encoding: "utf8" }).stdout;
    const children = group.split("\n").map((line) => line.trim().split(/ +/));
    const all = [keeper, agent, ...children.flatMap(([pid = "", parent]) => (parent === agent ? [pid] : []))];
    const [tcpdump = ""] = readFileSync(join(dir, "pids/h1.pid"), "utf8").split("\n");
    process.kill(Number(tcpdump), "SIGINT");
    while (existsSync(join(dir, "pids/h1.pid"))) await sleep(20);
    t.notOk(all.includes(""), "0 would be this process's own group");
    for (const pid of all.filter((each) => each !== "")) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // It ended meanwhile, as the one that ran tcpdump does.
      }
    }
    const second = client(shell, ["attach", state, dir]);
    await second.until("ready");
    second.say("stop");
    t.match(await second.until("closed"), /^closed h1 - - - - - \d+ \d+\.\d{6}$/, "older ones may be gone");
    await second.until("stopped");
    t.match(readdirSync(dir), ["agent"]);
    t.equal(readFileSync(join(dir, "h1.pcap")).length, 24 + 6 * (16 + 98));
    second.say("remove");
    await second.until("removed");
    second.end();
    await second.done;
    t.strictSame(readdirSync(work), []);
  });
}
