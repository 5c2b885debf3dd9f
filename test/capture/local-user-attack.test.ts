import t, { type Test } from "tap";
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { CAPTURE_AGENT } from "../../lib/capture/agent.js";
import { DETACHED_AGENT } from "../../lib/capture/detached-agent.js";

/** A user of the node puts things where the agent will make its folders: nothing is written through them. */

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const hasTcpdump = spawnSync("tcpdump", ["--version"]).status === 0;

function runAgent(script: string, ...args: readonly string[]): string {
  return spawnSync("sh", ["-c", script, "hopbook-capture", ...args], {
    input: "",
    encoding: "utf8",
    timeout: 20_000,
  }).stdout;
}

const PREPARED: Readonly<Record<string, (t: Test, path: string, victim: string) => void>> = {
  "a folder": (_, path) => mkdirSync(path, { mode: 0o777 }),
  "a link to a folder": (_, path, victim) => symlinkSync(victim, path),
  "a link to nothing": (_, path, victim) => symlinkSync(join(victim, "new"), path),
};

t.test(
  "the agent's folder is its own, or there is none",
  { skip: !hasTcpdump && "no tcpdump" },
  async (t) => {
    for (const [name, prepare] of Object.entries(PREPARED)) {
      const dir = t.testdir({ victim: {}, work: {} });
      const own = join(dir, "work/hopbook-x");
      prepare(t, own, join(dir, "victim"));
      const said = runAgent(CAPTURE_AGENT, own, "5", "64", "0", "5", "4096", "0", "0");
      t.match(said, /^error (exists|dir) /, name);
      t.strictSame(readdirSync(join(dir, "victim")), [], "nothing behind the link");
      t.strictSame(readdirSync(join(dir, "work")), ["hopbook-x"], "nothing else is left");
    }
  },
);

t.test("a state folder that is there already is not taken", async (t) => {
  for (const [name, prepare] of Object.entries(PREPARED)) {
    const dir = t.testdir({ victim: {}, work: {} });
    const state = join(dir, "work/hopbook-state");
    prepare(t, state, join(dir, "victim"));
    const said = runAgent(DETACHED_AGENT, "start", state, join(dir, "work/hopbook-x"), "9999999999", "{}");
    t.match(said, /^error (exists|dir) /, name);
    t.strictSame(readdirSync(join(dir, "victim")), []);
  }
});

t.test("a state folder of another user, or a link to one, is nobody's run", { skip: !isRoot }, async (t) => {
  const dir = t.testdir({ own: { out: "ready\n" }, foreign: { out: "ready\n" } });
  symlinkSync(join(dir, "own"), join(dir, "link"));
  chownSync(join(dir, "foreign"), NOBODY, NOBODY);
  for (const state of ["foreign", "link"].map((name) => join(dir, name))) {
    for (const mode of ["attach", "keep"]) {
      t.match(runAgent(DETACHED_AGENT, mode, state, join(dir, "x")), /^error gone /, `${mode} ${state}`);
    }
    t.notOk(existsSync(join(state, "lock")));
    t.notOk(existsSync(join(state, "bundle")));
  }
});
