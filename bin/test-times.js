// How long tests took last, or may take: the longest begin first, so that all cores end together.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { readFileTimes } from "./test-groups.js";

/** The longest of all suites, the longest first: for where none ran yet. */
const LONGEST = [
  ...[
    "lab/matrix",
    "lab/detached",
    "lab/loss-matrix",
    "lab/interrupt",
    "lab/bad-input",
    "lab/ssh",
    "lab/killed",
  ],
  ...["lab/next-commands", "lab/hurt-nodes", "lab/replay", "lab/dead-dns", "lab/bad-node", "lab/flood"],
  ...["lab/documented-commands", "lab/lab", "capture/agent.slow", "analysis/truth.slow", "traffic/lab.slow"],
  ...["rules/kernel-nft.slow", "rules/kernel-legacy.slow", "rules/kernel-iptables-nft.slow"],
  ...["sandbox/sandbox.slow", "script/session.slow", "hostile/bounded.slow", "access/local/access.slow"],
  ...["access/ssh/login.slow", "share/share.slow", "replay/playbooks", "analysis/truth", "recording/at-rest"],
  ...[
    "rules/endpoints",
    "cli/permissions",
    "capture/agent-lines",
    "steps/join/capture-join",
    "facts/snapshot/take",
  ],
].map((name) => `test/${name}.test.ts`);

/** The times that `file` keeps between runs: `lengthOf(NAMES)` in milliseconds, and `keep(results)` of those that ran. */
export function openTimes(file) {
  const read = () => {
    try {
      return JSON.parse(readFileSync(file, "utf8"));
    } catch {
      return {};
    }
  };
  const last = read();
  const lengthOf = (name) => last[name] ?? (LONGEST.includes(name) ? 1e6 - LONGEST.indexOf(name) : 0);
  return {
    lengthOf: (names) => names.reduce((ms, name) => ms + lengthOf(name), 0),
    keep(results) {
      const times = results.flatMap(({ name, ms, tap }) => [[name, ms], ...readFileTimes(tap)]);
      mkdirSync(dirname(file), { recursive: true });
      // Another run may have kept its own meanwhile.
      writeFileSync(file, JSON.stringify({ ...read(), ...Object.fromEntries(times) }));
    },
  };
}
