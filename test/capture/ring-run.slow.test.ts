import t from "tap";
import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { AGENT_NAME, CAPTURE_AGENT } from "../../lib/capture/agent.js";
import { openCapture } from "../../lib/packets/open.js";

/** Rings of real tcpdumps, by packets with a number in them. */

const able = process.getuid?.() === 0 && spawnSync("tcpdump", ["--version"]).status === 0;
const real = able ? {} : { skip: "needs root and tcpdump" };
const SHELLS = [["dash"], ["bash"], ["busybox", "sh"]].filter(
  ([name = ""]) => spawnSync(name, ["true"]).error === undefined,
);
const MEGABYTE = 1_000_000;
const PAYLOAD_BYTES = 900;
/** As long as a client waits before it stops captures in immediate mode. */
const SETTLE_MS = 300;

/** On a busy machine as well: until nothing more is written. */
async function settle(dir: string): Promise<void> {
  for (let before = -1; sizeOf(dir) !== before; await sleep(SETTLE_MS)) before = sizeOf(dir);
}

/** Of packets that are not many enough to go round. */
async function untilWritten(dir: string, packets: number): Promise<void> {
  while (sizeOf(dir) < packets * PAYLOAD_BYTES) await sleep(10);
}

async function startAgent([shell = "sh", ...first]: readonly string[], port: number, place?: string) {
  const dir = join(place ?? mkdtempSync(join(tmpdir(), "hopbook-ring-")), "hopbook-x");
  // A buffer that holds all that is sent, however busy the machine is.
  const limits = ["60", "16384", "1024", "20", "65536", "3", "1"];
  const hop = ["a.lo", "-", "lo", "1024", "n", `udp dst port ${port}`];
  const words = [...first, "-c", CAPTURE_AGENT, AGENT_NAME, dir, ...limits, ...hop];
  const child = spawn(shell, words, { stdio: ["pipe", "pipe", "inherit"] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  const closed = once(reader, "close").then(() => null);
  return {
    dir,
    child,
    say: (word: string) => child.stdin.write(`${word}\n`),
    async until(word: string): Promise<string> {
      for (;;) {
        const line = lines.find((each) => each.startsWith(word));
        if (line !== undefined) return line;
        if ((await Promise.race([once(reader, "line"), closed])) === null)
          throw new Error(`It ended before "${word}": ${lines.join(" | ")}`);
      }
    },
    async end(): Promise<void> {
      child.stdin.end();
      await once(child, "close");
      rmSync(join(dir, ".."), { recursive: true, force: true });
    },
  };
}

/** Sends packets of a kilobyte whose first four bytes are their number; gives back the largest the ring was. */
async function send(
  port: number,
  numbers: readonly [from: number, to: number],
  dir: string,
): Promise<number> {
  const socket = createSocket("udp4");
  const payload = Buffer.alloc(PAYLOAD_BYTES);
  let most = 0;
  for (let number = numbers[0]; number < numbers[1]; number++) {
    payload.writeUInt32BE(number);
    await new Promise((resolve) => socket.send(payload, port, "127.0.0.1", resolve));
    if (number % 50 === 0) most = Math.max(most, sizeOf(dir));
  }
  socket.close();
  return most;
}

function sizeOf(dir: string): number {
  const files = readdirSync(dir).filter((name) => name.includes(".pcap"));
  return files.reduce(
    (sum, name) => sum + (statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

function numbersIn(path: string): number[] {
  const reader = openCapture(path);
  const numbers: number[] = [];
  const ETHERNET_IP_UDP = 14 + 20 + 8;
  while (reader.next()) {
    const record = reader.bytes.subarray(reader.at, reader.at + reader.capturedBytes);
    numbers.push(Buffer.from(record).readUInt32BE(ETHERNET_IP_UDP));
  }
  t.equal(reader.truncated, false);
  reader.close();
  return numbers;
}

for (const shell of SHELLS) {
  t.test(`${shell[0]}: the oldest go, the last stay, in one file and in order`, real, async (t) => {
    const port = 20_000 + SHELLS.indexOf(shell);
    const agent = await startAgent(shell, port);
    await agent.until("ready");
    const most = await send(port, [0, 6000], agent.dir);
    t.ok(most > 2 * MEGABYTE && most < 3.01 * MEGABYTE, `three files of 1 MB, and not more: ${most}`);
    await settle(agent.dir);
    agent.say("stop");
    const [, , , captured, , , , size, since] = (await agent.until("closed")).split(" ");
    t.equal(captured, "6000");
    t.strictSame(
      readdirSync(agent.dir).filter((name) => name.includes("pcap")),
      ["a.lo.pcap"],
    );
    const path = join(agent.dir, "a.lo.pcap");
    t.equal(Number(size), readFileSync(path).length);
    const numbers = numbersIn(path);
    t.equal(numbers.at(-1), 5999);
    const [first = 0] = numbers;
    t.ok(first > 2500 && numbers.length >= 2000, "at least two whole files are left");
    t.ok(
      numbers.every((number, index) => number === first + index),
      "one after the other",
    );
    const reader = openCapture(path);
    reader.next();
    t.equal(since, (reader.timeUs / 1e6).toFixed(6), "it knows that there were older ones");
    reader.close();
    await agent.end();
  });
}

t.test(
  "a ring that did not go round says nothing of older packets; one without packets is a file",
  real,
  async (t) => {
    const agent = await startAgent(["sh"], 20_010);
    await agent.until("ready");
    await send(20_010, [0, 10], agent.dir);
    await untilWritten(agent.dir, 10);
    agent.say("stop");
    t.match(await agent.until("closed"), / -$/);
    t.equal(numbersIn(join(agent.dir, "a.lo.pcap")).length, 10);
    await agent.end();
    const empty = await startAgent(["sh"], 20_011);
    await empty.until("ready");
    empty.say("stop");
    t.match(await empty.until("closed"), / 24 -$/);
    await empty.end();
  },
);

for (const shell of SHELLS) {
  t.test(
    `${shell[0]}: what was kept stays while the ring goes on, and no time of it is missing`,
    real,
    async (t) => {
      const port = 20_020 + SHELLS.indexOf(shell);
      const agent = await startAgent(shell, port);
      await agent.until("ready");
      await send(port, [0, 2500], agent.dir);
      await settle(agent.dir);
      agent.say("freeze 60");
      agent.say("freeze $(id)");
      t.match(await agent.until("frozen 1 "), /^frozen 1 [0-9.]+ 3$/);
      await send(port, [2500, 3500], agent.dir);
      await settle(agent.dir);
      agent.say("freeze");
      t.match(await agent.until("frozen 2 "), /^frozen 2 [0-9.]+ [12]$/);
      await send(port, [3500, 10_000], agent.dir);
      await settle(agent.dir);
      agent.say("stop");
      const since = Number((await agent.until("closed")).split(" ").at(-1));
      const path = join(agent.dir, "a.lo.pcap");
      const numbers = numbersIn(path);
      t.equal(numbers[0], 0);
      const gaps = numbers.flatMap((number, index) =>
        number === (numbers[index - 1] ?? -1) + 1 ? [] : [index],
      );
      t.equal(gaps.length, 1, "what went by between what was kept and what the ring has at its end");
      t.ok((numbers[(gaps[0] ?? 0) - 1] ?? 0) >= 3499, "all until the second time is there");
      const reader = openCapture(path);
      for (let index = 0; index <= (gaps[0] ?? 0); index++) reader.next();
      t.equal(since.toFixed(6), (reader.timeUs / 1e6).toFixed(6), "and from there on it is whole");
      reader.close();
      t.strictSame(
        readdirSync(agent.dir).filter((name) => name.includes("pcap")),
        ["a.lo.pcap"],
      );
      await agent.end();
    },
  );
}

t.test(
  "tcpdump is killed, the disk fills up, the agent is killed: what there is stays until it is taken",
  real,
  async (t) => {
    const port = 20_040;
    const killed = await startAgent(["sh"], port);
    await killed.until("ready");
    await send(port, [0, 3000], killed.dir);
    await settle(killed.dir);
    // Of timeout(1), whose child it is.
    const [timeout = ""] = readFileSync(join(killed.dir, "pids/a.lo.pid"), "utf8").split("\n");
    const [tcpdump = ""] = readFileSync(`/proc/${timeout}/task/${timeout}/children`, "utf8").split(" ");
    process.kill(Number(tcpdump), "SIGKILL");
    t.match(await killed.until("ended"), /^ended a\.lo [0-9.]+ exit code 137$/);
    killed.say("stop");
    await killed.until("closed");
    const numbers = readdirSync(killed.dir).filter((name) => name.includes("pcap"));
    t.strictSame(numbers, ["a.lo.pcap"]);
    const reader = openCapture(join(killed.dir, "a.lo.pcap"));
    let records = 0;
    while (reader.next()) records += 1;
    reader.close();
    t.ok(records > 1900, `${records} packets are left of what was written`);
    await killed.end();

    const small = mkdtempSync(join(tmpdir(), "hopbook-ring-"));
    t.equal(spawnSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", small]).status, 0);
    t.teardown(() => {
      spawnSync("umount", [small]);
      rmSync(small, { recursive: true, force: true });
    });
    const full = await startAgent(["sh"], port + 1, small);
    await full.until("ready");
    await send(port + 1, [0, 500], full.dir);
    await untilWritten(full.dir, 500);
    writeFileSync(join(small, "ballast"), Buffer.alloc(23_900_000));
    t.match(await full.until("ended"), /free disk floor$/);
    full.say("stop");
    await full.until("closed");
    t.equal(numbersIn(join(full.dir, "a.lo.pcap")).length, 500);
    rmSync(join(small, "ballast"));
    full.child.kill("SIGKILL");
    for (const end = Date.now() + 10_000; existsSync(full.dir) && Date.now() < end;) await sleep(50);
    t.notOk(existsSync(full.dir), "its ticker takes the folder away");
  },
);
