import t from "tap";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execInPod } from "../../lib/lab/index.js";
import type { Findings } from "../../lib/model/findings.js";
import { mostMs, untilInShell } from "../fixtures/patience.js";
import { Bench, folderOf } from "./bench.js";
import { startCli } from "./cli.js";

/** A rare reset, right after a connection's first message, among many connections that are well. */

const bench = await Bench.open("resets");
t.teardown(() => bench.close());

const PORT = 5432;
/** Answers a start-up message as PostgreSQL's servers do, and resets the connection whose message says "reset me". */
const SERVER = `
require("node:net").createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (data) => (data.includes("reset me") ? socket.resetAndDestroy() : socket.write("R12345678")));
  socket.on("end", () => socket.end());
}).listen(${PORT});
`;
/** One connection after the other, the last of which is reset. */
const CLIENT = `
const { connect } = require("node:net");
const [host, count] = process.argv.slice(1);
const one = (user) => new Promise((resolve) => {
  const body = Buffer.from("\\0\\x03\\0\\0user\\0" + user + "\\0\\0", "latin1");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  const socket = connect(${PORT}, host, () => socket.write(Buffer.concat([length, body])));
  socket.on("data", () => socket.end()).on("error", resolve).on("close", resolve);
});
(async () => {
  for (let i = 0; i < count; i++) await one("app");
  await one("reset me");
})();
`;
const READY = untilInShell(`ss -Hltn | grep -q ':${PORT} '`);

t.test(
  "caught by a trigger while rings go round; who reset, after which message, and how fast",
  async (t) => {
    const inPod = (pod: string, ...argv: string[]) => execInPod(bench.lab, pod, argv);
    await inPod("shop/web", "sh", "-c", 'setsid node -e "$1" </dev/null >/dev/null 2>&1 &', "start", SERVER);
    t.equal((await inPod("shop/web", "sh", "-c", READY)).exitCode, 0);
    const address = await inPod(
      "shop/web",
      "sh",
      "-c",
      "ip -4 -o addr show dev eth0 | sed 's/.*inet //; s,/.*,,'",
    );
    const cwd = bench.makeFolder();
    const ring = ["--ring", "4x1MB", "--duration", "240s", "--after", "200ms"];
    const args = [
      "watch-resets",
      "--pod",
      "shop/client",
      "--pod",
      "shop/web",
      "--filter",
      `tcp port ${PORT}`,
    ];
    const run = startCli(bench.cli, [...args, ...ring, "--cluster", bench.lab.files.profile, "--yes"], {
      cwd,
    });
    t.ok(await run.said("waits from now on"), run.stderr());
    bench.acceptPresent();
    const sent = await inPod("shop/client", "node", "-e", CLIENT, address.stdout.trim(), "300");
    t.equal(sent.exitCode, 0, sent.stderr);
    const { exitCode, stderr } = await run.done;
    t.equal(exitCode, 3, stderr);
    const dir = folderOf(join(cwd, "artifacts"));
    const findings = JSON.parse(readFileSync(join(dir, "findings.json"), "utf8")) as Findings;
    const [check] = findings.checks;
    t.equal(check?.status, "fail");
    t.match(
      check?.message,
      new RegExp(
        `^1 resets of 301 connections that were seen: ${address.stdout.trim()}:${PORT} reset the connection with ` +
          "[0-9.:]+ [0-9]+ ms after the client's message 1 \\(23 bytes, frame [0-9]+\\), when the server had sent 0$",
      ),
    );
    const text = readFileSync(join(dir, "findings.json"), "utf8");
    t.match(text, /reset-before-answer/, "the analysis says so as well");
    const { marks } = JSON.parse(readFileSync(join(dir, "evidence/marks.json"), "utf8")) as {
      marks: readonly { readonly kind: string; readonly tookMs?: number; readonly text: string }[];
    };
    const frozen = marks.find(({ kind }) => kind === "freeze");
    t.ok((frozen?.tookMs ?? Infinity) < mostMs(1000), `kept ${frozen?.tookMs} ms after the packet was seen`);
    t.match(
      frozen?.text,
      /the rings are kept: a packet at (client|web)\/eth0@node-[ab]: [0-9.]+ IP .*Flags \[R/,
    );
    await bench.expectClean(t);
  },
);

t.test("a wait in which none comes is a whole run", async (t) => {
  const args = ["--pod", "shop/client", "--filter", "tcp port 1", "--duration", "1s", "--ring", "4x1MB"];
  const how = ["--cluster", bench.lab.files.profile, "--yes"];
  const { stderr, stdout, exitCode } = await bench.hopbook("watch-resets", ...args, ...how);
  t.equal(exitCode, 0, stderr);
  t.match(stdout, /No reset came/);
});
