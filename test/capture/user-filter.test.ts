import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import { planFilterCheck, planPoints, readFilterCheck } from "../../lib/capture/index.js";
import { CAPTURE_SCRIPTS } from "../../lib/capture/scripts.js";
import { checkFilterText, withoutLogin } from "../../lib/capture/user-filter.js";
import type { CapturePoint } from "../../lib/model/points.js";
import { findArgvFault } from "../../lib/permissions/index.js";
import { GOOD, HOSTILE, UNREADABLE } from "./filters.js";

const run = promisify(execFile);
const SCRIPTS = new Map(
  Object.entries(CAPTURE_SCRIPTS).map(([name, text]) => [name, new Set([text])] as const),
);

const HOW = { workDir: "/var/tmp", devices: false };

function pointOf(filter: string, id = "node-a.point.lo"): CapturePoint {
  return {
    ...{ id, node: "node-a", role: "nic", interface: "lo", netns: { kind: "host" }, mtuBytes: null },
    ...{ encapsulation: { kind: "none" }, evidence: [], pod: null, ips: [], name: "lo@node-a", filter },
  };
}

t.test("what no tcpdump has to see is refused at once: other than one line of ASCII, or too long", (t) => {
  for (const text of UNREADABLE)
    t.throws(() => checkFilterText(text), { code: "INPUT_INVALID" }, text.slice(0, 40));
  for (const text of GOOD) t.equal(checkFilterText(`  ${text} `), text);
  t.end();
});

t.test("a filter is one word behind --, whatever is in it, and the guard lets nothing else pass", (t) => {
  for (const filter of [...GOOD, ...HOSTILE]) {
    const [plan] = planPoints([pointOf(checkFilterText(filter))], {
      ...{ runId: "0123456789ab", workDir: "/var/tmp", maxSeconds: 60, maxBytes: 1024, minFreeBytes: 1024 },
      sshConnections: {},
    });
    const argv = plan?.hops[0]?.argv ?? [];
    if (argv.at(-1) !== filter.trim() || argv.at(-2) !== "--") t.fail(filter);
    if (findArgvFault("netns/tcpdump", plan?.argv ?? [], SCRIPTS) !== undefined) t.fail(filter);
    if (findArgvFault("capture/check", planFilterCheck([pointOf(filter)], HOW), SCRIPTS) !== undefined)
      t.fail(filter);
  }
  const inPod = { ...pointOf("udp"), netns: { kind: "path", path: "/proc/77/ns/net" } } as const;
  t.strictSame(planFilterCheck([inPod], HOW).slice(-4), ["node-a.point.lo", "/proc/77/ns/net", "lo", "udp"]);
  t.equal(findArgvFault("capture/check", planFilterCheck([inPod], HOW), SCRIPTS), undefined);
  const elsewhere = planFilterCheck([pointOf("udp")], { workDir: "/var/tmp/../x", devices: true });
  t.match(findArgvFault("capture/check", elsewhere, SCRIPTS), /is no value for it/);
  const unreadable = planFilterCheck([pointOf("udp\n-w x")], HOW);
  t.match(findArgvFault("capture/check", unreadable, SCRIPTS), /is no value for it/);
  t.match(
    findArgvFault("netns/tcpdump", planFilterCheck([pointOf("udp")], HOW), SCRIPTS),
    /not one of this action/,
  );
  t.end();
});

t.test(
  "logins of the machine that captures are left out, in front, where words like vlan change nothing",
  (t) => {
    t.equal(withoutLogin("udp", null), "udp");
    t.equal(
      withoutLogin("vlan 7 or tcp", "192.0.2.1 50000 192.0.2.2 22"),
      "not (tcp port 22 and host 192.0.2.2 and host 192.0.2.1) and (vlan 7 or tcp)",
    );
    t.equal(withoutLogin("", "fd00::1 5 fd00::2 22"), "not (tcp port 22 and host fd00::2 and host fd00::1)");
    t.end();
  },
);

t.test(
  "300 filters, good and hostile, on a real tcpdump: compiled or refused, none runs anything or opens a file",
  { skip: process.getuid?.() === 0 ? false : "needs root" },
  async (t) => {
    const dir = mkdtempSync(join(tmpdir(), "hopbook-filters-"));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const file = join(dir, "made");
    const all = [...GOOD, ...HOSTILE.map((text) => text.replaceAll("FILE", file))];
    t.ok(all.length + UNREADABLE.length >= 300, String(all.length));
    const points = all.map((filter, index) => pointOf(filter, `p${index}`));
    // To open an interface takes a while of waiting, and little else.
    const chunks = Array.from({ length: 24 }, (_, chunk) => points.filter((_, at) => at % 24 === chunk));
    const said = await Promise.all(
      chunks.map(async (chunk) => {
        const argv = planFilterCheck(chunk, HOW);
        return (await run(argv[0], argv.slice(1), { cwd: dir, maxBuffer: 1e7, timeout: 60_000 })).stdout;
      }),
    );
    const lines = said
      .join("")
      .split("\n")
      .filter((line) => /^(ok|bad) /.test(line));
    const stdout = points.map(({ id }) => lines.find((line) => line.split(" ")[1] === id) ?? "").join("\n");
    const verdicts = stdout.split("\n");
    t.strictSame([lines.length, verdicts.includes("")], [all.length, false], "one line each");
    for (const [index, filter] of GOOD.entries())
      if (verdicts[index]?.startsWith(`ok p${index} `) !== true) t.fail(`${filter}: ${verdicts[index]}`);
    const taken = verdicts.slice(GOOD.length).filter((line) => line.startsWith("ok ")).length;
    t.ok(taken < 20, `${taken} of the hostile ones compile, and are filters then`);
    t.notOk(existsSync(file));
    t.strictSame(readdirSync(dir), []);
    t.throws(() => readFilterCheck(stdout, points), {
      code: "INPUT_INVALID",
      message: /Cannot use the filter/,
    });
    t.doesNotThrow(() => readFilterCheck(stdout, points.slice(0, GOOD.length)));
  },
);

t.test("what is wrong with the place is told apart from what is wrong with the filter", (t) => {
  const point = pointOf("udp");
  const said =
    (text: string): (() => void) =>
    () =>
      readFilterCheck(text, [point]);
  t.throws(said(`bad ${point.id} tcpdump: lo: No such device exists`), { code: "CAPTURE_FAILED" });
  t.throws(said(`bad ${point.id} nsenter: cannot open /x: No such file or directory`), {
    code: "CAPTURE_FAILED",
  });
  t.throws(said(`ok ${point.id} 5000`), { code: "INPUT_INVALID", message: /5000 instructions/ });
  t.throws(said(`ok ${point.id} 4065`), { code: "INPUT_INVALID" }, "with the login's own it would not fit");
  t.throws(said("error tool tcpdump"), { code: "CAPTURE_FAILED" });
  t.doesNotThrow(said(`ok ${point.id} 17`));
  t.end();
});
