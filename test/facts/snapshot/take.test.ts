import { spawn, spawnSync } from "node:child_process";
import { buffer } from "node:stream/consumers";
import t from "tap";
import { SNAPSHOT_SCRIPT, snapshotArgv } from "../../../lib/cluster/snapshot/script.js";
import { takeSnapshot } from "../../../lib/cluster/snapshot/take.js";
import type { Argv, ExecResult, NodeAccess } from "../../../lib/model/access.js";
import { partsOf, readSnapshotValues } from "../../../lib/model/snapshot.js";
import { findArgvFault } from "../../../lib/permissions/commands/argv.js";
import { fc } from "../../fixtures/property.js";
import { trust } from "../../fixtures/trust.js";

const SHELLS = [["sh"], ["dash"], ["bash"], ["busybox", "sh"]].filter(
  ([program = "", ...args]) => spawnSync(program, [...args, "-c", "exit 0"]).status === 0,
);
const LIMITS = { sectionSeconds: 1, allSeconds: 2, sectionBytes: 20 };
const KNOWN = new Map([["hopbook-snapshot", new Set([SNAPSHOT_SCRIPT])]]);

/** This machine by one of its shells. */
function here(shell: readonly string[], change = (script: string): string => script): NodeAccess {
  const exec = async (argv: Argv): Promise<Partial<ExecResult>> => {
    const [, ...words] = argv.map((word) => (word === SNAPSHOT_SCRIPT ? change(word) : word));
    const [program = "", ...args] = [...shell, ...words];
    const child = spawn(program, args);
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const [exitCode, stdout, stderr] = await Promise.all([ended, buffer(child.stdout), buffer(child.stderr)]);
    const flags = { timedOut: false, canceled: false, truncated: false, signal: null };
    return { node: "here", exitCode, stdout, stderr, ...flags };
  };
  return { node: "here", exec } as unknown as NodeAccess;
}

const OPTIONS = { action: "node/read", netnsPath: null };

const BAD: Argv[] = [
  ["printf", "%s\\n", "a"],
  ["no-such-program"],
  ["yes"],
  ["sh", "-c", "echo why >&2; exit 3"],
  ["sleep", "20"],
  ["sleep", "20"],
  ["printf", "late"],
];
/** Nodes of old, whose timeout(1) is none or knows other words. */
const withoutTimeout = (script: string): string =>
  script.replace(/if timeout --version .*; then/, "if false; then");
/** Nodes without a place in memory that may be written. */
const withoutFiles = (script: string): string => script.replace("\nsection_open\n", "\n");
for (const without of [withoutTimeout, withoutFiles]) t.not(without(SNAPSHOT_SCRIPT), SNAPSHOT_SCRIPT);
const KINDS = [
  ["", undefined],
  [", no timeout(1)", withoutTimeout],
  [", no files", withoutFiles],
  [", neither", (script: string) => withoutFiles(withoutTimeout(script))],
] as const;
// All at once: what they do is wait for what hangs.
const runs = KINDS.flatMap(([kind, change]) =>
  SHELLS.map((shell) => ({
    name: `${shell.join(" ")}${kind}`,
    taken: takeSnapshot(trust(here(shell, change)), BAD, { ...OPTIONS, limits: LIMITS }),
  })),
);

for (const { name, taken } of runs) {
  t.test(`${name}: one that is not there, hangs or prints too much costs no other`, async (t) => {
    const results = await taken;
    t.strictSame(
      results.map(({ argv }) => argv),
      BAD,
    );
    t.match(
      results.map(({ exitCode, timedOut, truncated, stdout, stderr }) => ({
        ...{ exitCode, timedOut, truncated, out: String(stdout).slice(0, 2), err: String(stderr) },
      })),
      [
        { exitCode: 0, timedOut: false, truncated: false, out: "a\n", err: "" },
        { exitCode: 127, err: "no-such-program: not found\n" },
        { exitCode: null, truncated: true, out: "y\n" },
        { exitCode: 3, err: "why\n" },
        { exitCode: null, timedOut: true },
        { exitCode: null, timedOut: true },
        { exitCode: null, timedOut: true, err: /^not begun/ },
      ],
    );
  });
}

t.test("no words of a command end it, begin another, or are run by the shell", async () => {
  const word = fc.oneof(
    fc.string({ minLength: 1 }).map((text) => text.replaceAll("\0", "")),
    fc.constantFrom("2", "$(id)", "`id`", '"; id; "', "'", "${1}", "\\", "=end 1 0", "*", ""),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(word, { maxLength: 4 }), { minLength: 1, maxLength: 3 }),
      async (all) => {
        const commands = all.map((words): Argv => ["printf", "[%s]", ...words]);
        const results = await takeSnapshot(trust(here(["sh"])), commands, OPTIONS);
        return results.every(({ stdout, exitCode }, index) => {
          const words = all[index] ?? [];
          const wanted = words.length === 0 ? "[]" : words.map((each) => `[${each}]`).join("");
          return exitCode === 0 && Buffer.from(`${wanted}\n`).equals(stdout);
        });
      },
    ),
    { numRuns: 25 },
  );
});

t.test("through the guard goes what may be run alone, and nothing else", async (t) => {
  const allowed: Argv[] = [
    ["ip", "-j", "route", "get", "10.0.0.1"],
    ["bridge", "-j", "fdb", "show", "dev", "vx0"],
    ["nft", "-j", "list", "ruleset"],
    ["cat", "/proc/net/snmp"],
  ];
  const refused: Argv[] = [
    ["ip", "link", "set", "eth0", "down"],
    ["nft", "flush", "ruleset"],
    ["cat", "/etc/shadow"],
    ["sh", "-c", "id"],
    ["nsenter", "--net=/proc/1/ns/net", "ip", "link"],
    ["reboot"],
  ];
  const one = fc.constantFrom(...allowed, ...refused);
  fc.assert(
    fc.property(
      fc.array(one, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(null, "/run/netns/x"),
      (commands, path) => {
        const action = path === null ? "node/read" : "netns/read";
        const fault = findArgvFault(action, snapshotArgv(commands, path), KNOWN);
        return (fault === undefined) === commands.every((command) => allowed.includes(command));
      },
    ),
  );
  const argv = snapshotArgv(allowed, null);
  t.equal(findArgvFault("node/read", argv, KNOWN), undefined);
  for (const values of [
    [],
    ["10", "30", "100"],
    ["10", "30", "100", "0"],
    ["10", "30", "100", "3", "ip", "link"],
    ["10", "30", "100", "2", "ip", "link", "1"],
    ["10", "30", "100", "-1", "ip", "link"],
    ["0", "30", "100", "2", "ip", "link"],
    ["10", "$(id)", "100", "2", "ip", "link"],
    ["10", "30", "100", "02", "ip", "link"],
  ]) {
    t.equal(readSnapshotValues(values), null);
    t.match(findArgvFault("node/read", [...argv.slice(0, 4), ...values], KNOWN), /no list of commands/);
  }
  t.match(findArgvFault("runtime/inspect", argv, KNOWN), /not one of this action/);
  t.match(findArgvFault("node/read", argv.with(2, "reboot"), KNOWN), /does not have the text/);
});

t.test("a snapshot is all of its commands, each at its place", (t) => {
  const commands: Argv[] = [
    ["ip", "link"],
    ["nstat", "-s"],
  ];
  const [first, second] = partsOf(snapshotArgv(commands, "/run/netns/x"));
  t.strictSame(first?.slice(-2), ["ip", "link"]);
  t.strictSame(first?.slice(0, 3), ["nsenter", "--net=/run/netns/x", "sh"]);
  t.strictSame(second?.slice(-2), ["nstat", "-s"]);
  t.strictSame(partsOf(snapshotArgv(commands.slice(1), "/run/netns/x")), [second]);
  t.notMatch(partsOf(snapshotArgv(commands.slice(1), "/run/netns/y")), [second]);
  t.strictSame(partsOf(["ip", "link"]), [["ip", "link"]]);
  t.end();
});
