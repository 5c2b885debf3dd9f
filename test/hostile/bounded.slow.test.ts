import { spawnSync } from "node:child_process";
import t from "tap";
import { compiledOf } from "../compiled.js";

/** Each untrusted input is read by a process of its own, which may hold so much and work so long. */
const MAX_MIB = 400;
const MAX_CPU_MS = 10_000;
/** One that waits for ever uses no processor; a busy machine is slow. */
const HANGS_AFTER_MS = 100_000;

const INPUTS: Readonly<Record<string, RegExp>> = {
  "aliases of one long list":
    /many\.yaml:5:\d+: with the alias \*l all aliases so far stand for more than 200000 values/,
  "aliases without number": /many\.yaml:5:\d+: it has more than 10000 anchors and aliases/,
  "anchors without number": /many\.yaml:4:\d+: it has more than 10000 anchors and aliases/,
  "a script that reads no answer": /it did not end within 1\.5 s/,
  "a script whose calls are large": /its calls at once hold more than 64 MiB/,
  "stdout a byte at a time": /^kept 1500000$/,
  "stderr a byte at a time": /^kept 1500000$/,
  "a stream's stderr a byte at a time": /^kept 65536$/,
  "a line a byte at a time": /^kept 1500000$/,
  "a frame of the relay without measure": /^lost$/,
};

for (const [name, says] of Object.entries(INPUTS)) {
  t.test(`${name} is bounded in memory and time`, (t) => {
    const program = compiledOf("untrusted.ts", import.meta.url);
    const argv = [`--max-old-space-size=${MAX_MIB}`, program, name, t.testdir()];
    const child = spawnSync(process.execPath, argv, { encoding: "utf8", timeout: HANGS_AFTER_MS });
    t.equal(child.signal, null, child.stderr.slice(-500));
    const { result, cpuMs, rssMiB } = JSON.parse(child.stdout || "{}") as Record<string, number>;
    t.comment(`${rssMiB} MiB, ${cpuMs} ms`);
    t.match(result, says);
    t.ok(Number(rssMiB) < MAX_MIB, `${rssMiB} MiB`);
    t.ok(Number(cpuMs) < MAX_CPU_MS, `${cpuMs} ms`);
    t.end();
  });
}
