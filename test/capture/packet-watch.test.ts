import t from "tap";
import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { planPacketWatch, readPacketWatch } from "../../lib/capture/packet-watch.js";
import { CAPTURE_SCRIPTS } from "../../lib/capture/scripts.js";
import { findArgvFault } from "../../lib/permissions/index.js";
import { waitUntil } from "../fixtures/patience.js";

const able = process.getuid?.() === 0 && spawnSync("tcpdump", ["--version"]).status === 0;
const SCRIPTS = new Map(Object.entries(CAPTURE_SCRIPTS).map(([name, text]) => [name, new Set([text])]));
const time = { leaseSeconds: 20, seconds: 30.2 };

t.test("what it is given is a place and one word of a filter, and nothing else", async (t) => {
  const place = {
    netns: { kind: "path", path: "/proc/7/ns/net" },
    interface: "eth0",
    filter: "tcp",
  } as const;
  const argv = planPacketWatch(place, time);
  t.strictSame(argv.slice(3), ["hopbook-capture-packet", "20", "31", "/proc/7/ns/net", "eth0", "tcp"]);
  const run = (words: readonly string[]): string | undefined =>
    findArgvFault("netns/tcpdump", ["sh", "-c", argv[2] ?? "", "hopbook-capture-packet", ...words], SCRIPTS);
  t.equal(run(argv.slice(4)), undefined);
  const bad = [
    ["20", "31", "-", "eth0"],
    ["20", "31", "-", "eth0", "tcp", "more"],
    ["20", "x", "-", "eth0", "tcp"],
    ["20", "31", "relative", "eth0", "tcp"],
    ["20", "31", "-", "-w/tmp/x", "tcp"],
    ["20", "31", "-", "eth0", "tcp\nudp"],
  ];
  for (const words of bad) t.match(run(words), /value|given/, words.join(" "));
});

t.test("what its lines mean", async (t) => {
  t.equal(readPacketWatch("tcpdump: listening on lo, link-type EN10MB"), "listening");
  t.strictSame(readPacketWatch("1795971408.178974 IP 1.2.3.4 > 5.6.7.8: x"), {
    packet: "1795971408.178974 IP 1.2.3.4 > 5.6.7.8: x",
  });
  for (const line of ["", "tcpdump: eth9: No such device", "Welcome"]) t.equal(readPacketWatch(line), null);
});

for (const shell of ["dash", "bash", "busybox"].filter(
  (name) => spawnSync(name, ["true"]).error === undefined,
)) {
  t.test(`${shell}: the first packet, and nothing stays`, { skip: !able }, async (t) => {
    const port = 20_100 + shell.length;
    const place = { netns: { kind: "host" }, interface: "lo", filter: `udp dst port ${port}` } as const;
    const [, ...rest] = planPacketWatch(place, time);
    const first = shell === "busybox" ? ["sh"] : [];
    const start = () => {
      const child = spawn(shell, [...first, ...rest], { stdio: ["pipe", "pipe", "inherit"] });
      return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
    };
    const { child, lines } = start();
    const next = async (): Promise<string> => String((await lines.next()).value);
    for (let line = await next(); readPacketWatch(line) !== "listening";) line = await next();
    const socket = createSocket("udp4");
    socket.send("x", port, "127.0.0.1");
    let line = await next();
    while (readPacketWatch(line) === null) line = await next();
    t.match(readPacketWatch(line), { packet: new RegExp(`127\\.0\\.0\\.1\\.${port}: UDP`) });
    await once(child, "close");
    // Its client goes before anything comes.
    const second = start();
    await second.lines.next();
    second.child.stdin.end();
    await once(second.child, "close");
    // What closed its output last may be about to end.
    const left = (): string =>
      spawnSync("pgrep", ["-f", `udp dst port ${port}`], { encoding: "utf8" }).stdout;
    t.ok(await waitUntil(() => left() === ""), left());
    socket.close();
  });
}
