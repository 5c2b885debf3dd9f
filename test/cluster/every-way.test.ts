import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import type { ExecOptions, NodeAccess } from "../../lib/model/access.js";
import { prepareEveryWay } from "./every-way.js";
import { useCluster, whyNoCluster } from "./use.js";

/** What every way in is asked alike: any bytes both ways, and how a command ended. */

const why = whyNoCluster();
if (why !== null) {
  t.fail(why);
  process.exit(1);
}
const isLong = process.env["HOPBOOK_TEST_LONG"] !== undefined;
const BYTES = isLong ? 100_000_000 : 5_000_000;
const cluster = await useCluster((text) => t.comment(text));
if (cluster.own === null) {
  t.comment("nodes of another's cluster cannot be entered in every way");
  await cluster.release();
  process.exit(0);
}
const { ways, work, release } = await prepareEveryWay(cluster, "hopbook-every-way");
t.teardown(async () => {
  await release();
  await cluster.release();
});

const ACTION = "test";
/** Below and above it commands run in other ways: through one shell for many, or each under a lease of its own. */
const SHORT_MS = 14_000;
const LONG_MS = 120_000;
const sha256 = (data: Buffer): string => createHash("sha256").update(data).digest("hex");
const speed = (bytes: number, startedAt: number): string =>
  `${Math.round(bytes / 1e3 / (Date.now() - startedAt))} MB/s`;
const FILE = "/var/tmp/hopbook-every-way.bin";
/** Random bytes in a file, $1 of them, and their hash on stderr; $2: print, and they are on stdout. */
const MAKE = `head -c "$1" /dev/urandom >"$2" && sha256sum "$2" >&2 && { [ -z "$3" ] || cat "$2"; }`;

async function checkBytes(t: Test, access: NodeAccess): Promise<void> {
  // Every byte there is, so that no rare one is left to chance; then much of what nobody foresaw.
  const all = Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256));
  const given = Buffer.concat([all, Buffer.from("\r\n\r\n\0"), randomBytes(BYTES - 517)]);
  const options = { action: ACTION, timeoutMs: LONG_MS, maxOutputBytes: 2 * BYTES };
  let startedAt = Date.now();
  const echoed = await access.exec(["cat"], { ...options, stdin: given });
  t.match(echoed, { exitCode: 0, truncated: false });
  t.ok(echoed.stdout.equals(given), `${BYTES} bytes in and out: ${speed(BYTES, startedAt)}`);
  t.equal(echoed.stderr.toString(), "", "and nothing else");
  const make = (print: "" | "print", timeoutMs: number): ReturnType<NodeAccess["exec"]> =>
    access.exec(["sh", "-c", MAKE, "make", String(BYTES), FILE, print], { ...options, timeoutMs });
  const hashIn = (stderr: Buffer): string => stderr.toString().split(" ")[0] ?? "";
  for (const timeoutMs of [SHORT_MS, LONG_MS]) {
    startedAt = Date.now();
    const printed = await make("print", timeoutMs);
    const how = timeoutMs === SHORT_MS ? "short" : "long";
    t.equal(printed.stdout.length, BYTES, `printed by a ${how} command: ${speed(BYTES, startedAt)}`);
    t.equal(hashIn(printed.stderr), sha256(printed.stdout));
  }
  const sum = hashIn((await make("", LONG_MS)).stderr);
  startedAt = Date.now();
  const local = join(work, "pulled");
  const pulled = await access.pull(FILE, local, options);
  t.strictSame([pulled.bytes, pulled.sha256], [BYTES, sum], `pulled: ${speed(BYTES, startedAt)}`);
  t.equal(sha256(readFileSync(local)), sum);
  await access.exec(["rm", "-f", FILE], options);
}

/** How long a command may run decides how it is started, and what its end passes through. */
async function endsOf(access: NodeAccess, argv: [string, ...string[]]): Promise<string[]> {
  const run = (options: Omit<ExecOptions, "action">) => access.exec(argv, { action: ACTION, ...options });
  const stream = access.stream(argv, { action: ACTION });
  stream.end();
  const ends = await Promise.all([
    run({ timeoutMs: SHORT_MS }),
    run({ timeoutMs: LONG_MS }),
    run({ timeoutMs: SHORT_MS, stdin: "" }),
    stream.done,
  ]);
  return ends.map((end) => {
    if ("transportLost" in end && end.transportLost) return "lost";
    return end.signal ?? String(end.exitCode);
  });
}

const times = (end: string | number): string[] => [end, end, end, end].map(String);

async function checkEnds(t: Test, access: NodeAccess): Promise<void> {
  for (const code of [0, 1, 2, 126, 127, 137, 143, 255])
    t.strictSame(await endsOf(access, ["sh", "-c", `exit ${code}`]), times(code), `exit code ${code}`);
  t.strictSame(await endsOf(access, ["/etc/passwd"]), times(126), "what is no program");
  t.strictSame(await endsOf(access, ["no-such-program"]), times(127), "what is not there");
  for (const [name, number] of [
    ["TERM", 15],
    ["KILL", 9],
    ["SEGV", 11],
  ] as const) {
    const byCode = String(128 + number);
    // Nothing stands between us and a process of this machine, but what keeps the lease of a long one.
    const by = access.via === "local" ? `SIG${name}` : byCode;
    const ends = await endsOf(access, ["sh", "-c", `kill -${name} $$`]);
    t.strictSame(ends, [by, byCode, by, by], `SIG${name}`);
  }
}

for (const { via, standIn, open } of ways) {
  t.test(`${via}${standIn === "" ? "" : ` (stands in: ${standIn})`}`, async (t) => {
    const access = await open();
    try {
      await checkEnds(t, access);
      await checkBytes(t, access);
    } finally {
      await access.close();
    }
    t.strictSame(access.leftovers?.() ?? [], []);
  });
}
