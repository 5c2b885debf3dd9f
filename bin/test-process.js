// A process that runs tests: what it printed, and whether it passed.
import { spawn } from "node:child_process";

/** After its time-out a file's tests get this long to say which of them hung. */
const LAST_WORDS_MS = 5_000;

/**
 * Runs a program that prints tap's output: `args` are Node's, a compiled test file first or what runs several. Gives `{ name, ms, tap, stderr, counts, why }`: `counts` is what its closing line says
 * (`{ total, pass, fail, skip, todo }`), `why` is undefined where it passed and else one line that says what is wrong.
 * `onChild` gets the process, for whoever has to end it.
 */
export async function runTests({ name, args, cwd, env, timeoutMs, nodeFlags = [], onChild }) {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    ["--enable-source-maps", "--disable-warning=ExperimentalWarning", ...nodeFlags, ...args],
    {
      cwd,
      env: { ...env, TAP: "1", TAP_TIMEOUT: String(timeoutMs / 1000) },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  onChild(child);
  const out = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) {
    child[stream].setEncoding("utf8").on("data", (text) => (out[stream] += text));
  }
  let isLate = false;
  let kill;
  // tap answers SIGALRM with the name of the test that hung.
  const alarm = setTimeout(() => {
    isLate = true;
    child.kill("SIGALRM");
    kill = setTimeout(() => child.kill("SIGKILL"), LAST_WORDS_MS);
  }, timeoutMs);
  const [code, signal] = await new Promise((resolve) => {
    child.once("error", (error) => resolve([error.message, null]));
    // What a test left behind may hold the pipes: not waited for longer than a moment after the file's own end.
    child.once("exit", (...end) => setTimeout(() => resolve(end), 1_000).unref());
    child.once("close", (...end) => resolve(end));
  });
  clearTimeout(alarm);
  clearTimeout(kill);
  child.stdout.destroy();
  child.stderr.destroy();
  const counts = readCounts(out.stdout);
  return {
    name,
    ms: Math.round(performance.now() - began),
    tap: out.stdout,
    stderr: out.stderr,
    counts: counts ?? { total: 0, pass: 0 },
    why: isLate ? `ran longer than ${timeoutMs / 1000} s` : sayEnd(code, signal, counts, out.stdout),
  };
}

function sayEnd(code, signal, counts, tap) {
  if (signal !== null) return `ended by ${signal}`;
  if (code !== 0) return `exit code ${code}`;
  if (counts === undefined) return "ended without a closing line: its tests did not run to their end";
  // TAP_GREP and TAP_ONLY leave tests out.
  const [, empty] = /^# Subtest: (test\/\S+)\n {4}1\.\.0$/m.exec(tap) ?? [];
  if (empty !== undefined) return `no test in ${empty}`;
  return counts.pass === 0 && /# SKIP filter/.test(tap) ? "the filter leaves no test of it" : undefined;
}

function readCounts(tap) {
  const [, text] = /^# \{ (total: .*) \}$/m.exec(tap) ?? [];
  if (text === undefined) return undefined;
  return Object.fromEntries(
    [...text.matchAll(/(\w+): (\d+)/g)].map(([, key, count]) => [key, Number(count)]),
  );
}
