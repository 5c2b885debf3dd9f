import { execFileSync, spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { AGENT_NAME, CAPTURE_AGENT } from "../../lib/capture/agent.js";

/** Real tcpdumps in a namespace of our own; the agent is talked to over its pipes, as an access would. */
const run = (...argv: string[]): boolean => spawnSync(argv[0] ?? "", argv.slice(1)).status === 0;
const unique = randomBytes(4).toString("hex");
const netns = `hb-cap-${unique}`;
const able = run("tcpdump", "--version") && run("ip", "netns", "add", netns);
const real = able ? {} : { skip: "needs root, tcpdump and network namespaces" };
const path = `/run/netns/${netns}`;
const folder = mkdtempSync(join(tmpdir(), "hopbook-agent-"));
const inside = (...argv: string[]): string =>
  execFileSync("ip", ["netns", "exec", netns, ...argv], { encoding: "utf8" });

t.before(() => {
  if (!able) return;
  inside("ip", "link", "set", "lo", "up");
  inside("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb");
  inside("ip", "link", "set", "va", "up");
  inside("ip", "link", "set", "vb", "up");
});
t.teardown(() => {
  run("ip", "netns", "del", netns);
  if (existsSync(`${path}-b`)) run("ip", "netns", "del", `${netns}-b`);
  rmSync(folder, { recursive: true, force: true });
});

interface Limits {
  readonly dir?: string;
  readonly seconds?: number;
  readonly kib?: number;
  readonly floorKib?: number;
  readonly lease?: number;
  readonly ring?: readonly [files: number, megabytes: number];
}

type HopWords = readonly [id: string, netns: string, device: string, filter: string];
const LO: HopWords = ["a.lo", path, "lo", "icmp"];

let serial = 0;
class Agent {
  readonly dir: string;
  readonly mark = `HOPBOOK_TEST=${randomBytes(8).toString("hex")}`;
  readonly child: ChildProcessWithoutNullStreams;
  text = "";
  exit: Promise<unknown>;
  constructor(shell: readonly string[], hops: readonly HopWords[], limits: Limits = {}) {
    this.dir = limits.dir ?? join(folder, `hopbook-${serial++}`);
    const { seconds = 60, kib = 4096, floorKib = 1024, lease = 20, ring = [0, 0] } = limits;
    const words = hops.flatMap(([id, ns, device, filter]) => [id, ns, device, "128", "n", filter]);
    const values = [this.dir, seconds, kib, floorKib, lease, 1024, ...ring].map(String);
    const [program = "sh", ...first] = shell;
    const [key = "", value = ""] = this.mark.split("=");
    const env = { PATH: process.env["PATH"], [key]: value };
    this.child = spawn(program, [...first, "-c", CAPTURE_AGENT, AGENT_NAME, ...values, ...words], { env });
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => (this.text += text));
    this.child.stdin.on("error", () => undefined);
    this.exit = new Promise((resolve) => this.child.on("close", resolve));
  }
  lines(word: string): string[] {
    return this.text.split("\n").filter((line) => line.split(" ")[0] === word);
  }
  async until(word: string, ms = 20_000): Promise<string> {
    for (const end = Date.now() + ms; Date.now() < end; await sleep(20)) {
      const [line] = this.lines(word);
      if (line !== undefined) return line;
    }
    throw new Error(`no "${word}" within ${ms} ms in: ${this.text}`);
  }
  say(text: string): void {
    this.child.stdin.write(`${text}\n`);
  }
  /** Every process that the agent or its children started, by the environment that they inherit. */
  processes(): string[] {
    return readdirSync("/proc").filter((pid) => {
      if (!/^[0-9]+$/.test(pid)) return false;
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
        return !/\) Z /.test(stat) && readFileSync(`/proc/${pid}/environ`, "latin1").includes(this.mark);
      } catch {
        return false;
      }
    });
  }
  /** What is still there after at most `ms`; empty where all is gone. */
  async leftovers(ms = 15_000): Promise<string[]> {
    const now = (): string[] => [...this.processes(), ...[this.dir].filter((file) => existsSync(file))];
    for (const end = Date.now() + ms; Date.now() < end && now().length > 0; await sleep(50));
    return now();
  }
}

const ping = (count: number): string => inside("ping", "-q", "-c", String(count), "-i", "0.01", "127.0.0.1");
const shells = [["dash"], ["bash"], ["busybox", "sh"]].filter(([name = ""]) =>
  run("sh", "-c", 'command -v "$1"', "x", name),
);

t.test("each shell: no packet is lost on stop, and nothing stays behind", real, async (t) => {
  for (const shell of shells) {
    const agent = new Agent(shell, [
      LO,
      ["b.veth", path, "va", "icmp"],
      ["c.host", "-", "lo", "icmp and host 192.0.2.99"],
    ]);
    await agent.until("ready");
    t.equal(agent.lines("listening").length, 3, shell.join(" "));
    ping(20);
    await sleep(1250);
    agent.say("stop");
    await agent.until("stopped");
    const closed = agent.lines("closed").map((line) => line.split(" "));
    const lo = closed.find(([, id]) => id === "a.lo") ?? [];
    t.equal(lo[3], "40", "20 requests and 20 replies");
    t.match(lo[2], /^[0-9]{10}\.[0-9]+$/);
    t.equal(lo[5], "0", "none dropped");
    const size = readFileSync(join(agent.dir, "a.lo.pcap")).length;
    t.equal(Number(lo[7]), size);
    t.ok(size > 40 * 100);
    agent.say("remove");
    await agent.until("removed");
    t.same(await agent.leftovers(), []);
    t.same(agent.lines("ended"), []);
  }
});

t.test("limits: time, size, free disk", real, async (t) => {
  const time = new Agent(["sh"], [LO], { seconds: 2 });
  t.match(await time.until("ended"), /^ended a\.lo [0-9.]+ time limit$/);
  time.say("stop");
  t.match(await time.until("closed"), /^closed a\.lo [0-9.]+ [0-9]+ /);
  time.child.stdin.end();
  t.same(await time.leftovers(), []);

  const size = new Agent(["sh"], [LO], { kib: 64 });
  await size.until("ready");
  inside("ping", "-q", "-c", "2000", "-i", "0.0005", "127.0.0.1");
  t.match(await size.until("ended"), /size limit$/);
  size.child.stdin.end();
  t.same(await size.leftovers(), []);

  const full = new Agent(["sh"], [LO], { floorKib: 1024 ** 4 });
  t.match(await full.until("error"), /^error disk [0-9]+ [0-9]+$/);
  t.same(await full.leftovers(), []);
});

t.test("a disk that fills up under it", real, async (t) => {
  const small = join(folder, "small");
  mkdirSync(small);
  t.ok(run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small));
  t.teardown(() => {
    run("umount", small);
  });
  const agent = new Agent(["sh"], [LO], { dir: join(small, "hopbook-x"), kib: 1024, floorKib: 2048 });
  await agent.until("ready");
  writeFileSync(join(small, "ballast"), Buffer.alloc(7 * 1024 * 1024));
  t.match(await agent.until("ended"), /free disk floor$/);
  agent.say("stop");
  await agent.until("stopped");
  agent.say("remove");
  t.same(await agent.leftovers(), []);
});

t.test("what cannot start says why", real, async (t) => {
  const cases: [HopWords, RegExp][] = [
    [["x", path, "nosuch0", "icmp"], /^failed x .*(No such device|doesn't exist)/],
    [["x", path, "lo", "no such filter("], /^failed x .*(syntax|parse)/],
    [["x", "/run/netns/hb-cap-gone", "lo", "icmp"], /^error netns x \/run\/netns\/hb-cap-gone$/],
  ];
  for (const [hop, expected] of cases) {
    const agent = new Agent(["sh"], [LO, hop]);
    t.match(await agent.until(expected.source.startsWith("^failed") ? "failed" : "error"), expected);
    t.same(agent.lines("ready"), []);
    agent.child.stdin.end();
    t.same(await agent.leftovers(), []);
  }
  const taken = join(folder, "taken");
  mkdirSync(taken);
  const agent = new Agent(["sh"], [LO], { dir: taken });
  t.match(await agent.until("error"), /^error exists/);
  t.ok(existsSync(taken), "a folder that is not its own stays");
});

t.test("interface and namespace gone half way", real, async (t) => {
  const veth = new Agent(["sh"], [["v", path, "va", "icmp"], LO]);
  await veth.until("ready");
  inside("ip", "link", "del", "va");
  t.match(await veth.until("ended"), /^ended v [0-9.]+ .*(disappeared|went down|ENETDOWN|down)/i);
  t.equal(veth.lines("ended").length, 1, "the other one goes on");
  veth.child.stdin.end();
  t.same(await veth.leftovers(), []);

  const other = `${netns}-b`;
  run("ip", "netns", "add", other);
  run("ip", "-n", other, "link", "set", "lo", "up");
  const pod = new Agent(["sh"], [["p", `/run/netns/${other}`, "lo", "icmp"]]);
  await pod.until("ready");
  run("ip", "netns", "del", other);
  t.match(await pod.until("ended"), /network namespace is gone$/);
  pod.child.stdin.end();
  t.same(await pod.leftovers(), []);
});

t.test("the client goes at any time: nothing stays", real, async (t) => {
  const check = async (shell: readonly string[], afterMs: number): Promise<void> => {
    const agent = new Agent(shell, [LO, ["c.host", "-", "lo", "icmp"]]);
    await sleep(afterMs);
    agent.child.stdin.end();
    t.same(await agent.leftovers(), [], `${shell.join(" ")}, end of stdin after ${afterMs} ms`);
  };
  for (const afterMs of [0, 10, 30, 60, 120, 250, 700]) {
    await Promise.all(shells.map((shell) => check(shell, afterMs)));
  }
  await Promise.all(
    shells.map(async (shell) => {
      const signalled = new Agent(shell, [LO]);
      await signalled.until("ready");
      signalled.child.kill("SIGTERM");
      t.same(await signalled.leftovers(), [], `${shell.join(" ")}, SIGTERM`);
    }),
  );
});

t.test("the lease, and an agent that is killed itself", real, async (t) => {
  await Promise.all(
    shells.map(async (shell) => {
      const killed = new Agent(shell, [LO]);
      await killed.until("ready");
      killed.child.kill("SIGKILL");
      t.same(await killed.leftovers(), [], `${shell.join(" ")}: its ticker cleans up`);
      // Only now: its lease goes on while nobody beats.
      const kept = new Agent(shell, [LO], { lease: 3 });
      for (let i = 0; i < 6; i++) {
        kept.say("beat");
        await sleep(800);
      }
      t.same(kept.lines("bye"), [], "beats keep it");
      t.equal(await kept.until("bye"), "bye lease");
      t.same(await kept.leftovers(), []);
    }),
  );
});

t.test("words of the client that mean nothing are passed over", real, async (t) => {
  const agent = new Agent(["sh"], [LO]);
  await agent.until("ready");
  for (const word of ["end a.lo 0 1", "$(touch /x)", "", "x".repeat(5000), "up a.lo 1"]) agent.say(word);
  await sleep(300);
  t.same(agent.lines("ended"), []);
  t.equal(agent.lines("listening").length, 1);
  agent.say("remove");
  await agent.until("removed");
  t.same(await agent.leftovers(), []);
});
