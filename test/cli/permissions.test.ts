import t, { type Test } from "tap";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { GONE_CLUSTER, hopbook } from "./helpers.js";

const ENDS = ["--from", "shop/client", "--to", "shop/web:8080"];

function cluster(t: Test): { dir: string; words: string[] } {
  const dir = t.testdir({ "c.yaml": GONE_CLUSTER });
  return { dir, words: ["--cluster", join(dir, "c.yaml")] };
}

t.test("without a terminal nobody is asked: exit 4, and the exact flags", async (t) => {
  const { dir, words } = cluster(t);
  const { code, out, err } = await hopbook(["run", "trace-path", ...ENDS, ...words, "--out", join(dir, "a")]);
  t.equal(code, 4);
  t.equal(out, "");
  t.match(err, /error\[PERMISSION_DENIED\]: Cannot run trace-path: permissions are missing/);
  const flags =
    /hint: Grant exactly this: (.+); or all that the runbook declares: --yes/.exec(err)?.[1] ?? "";
  t.equal(
    flags,
    "--allow-node=node-a --allow-exec=runtime/pods,runtime/inspect,node/read,netns/read,netns/tcpdump," +
      "capture/pull,netns/probe,kernel/droptrace --allow-capture " +
      "--allow-traffic=ping,ping-large,udp,dns-udp,dns-tcp,tcp-connect,http",
  );
  t.notOk(existsSync(join(dir, "a")), "no run folder was made");

  const granted = await hopbook([
    "run",
    "trace-path",
    ...ENDS,
    ...words,
    ...flags.split(" "),
    "--out",
    join(dir, "a"),
  ]);
  t.equal(granted.code, 5, "with just these flags it goes on, to a node that is not there");
  t.match(granted.err, /error\[NODE_UNREACHABLE\]/);
  const fewer = await hopbook(["run", "trace-path", ...ENDS, ...words, ...flags.split(" ").slice(1)]);
  t.equal(fewer.code, 4);
  t.match(fewer.err, /Grant exactly this: --allow-node=node-a;/);
});

t.test("--yes and --allow-all grant, a denial wins over both", async (t) => {
  const { dir, words } = cluster(t);
  for (const flag of ["--yes", "-y", "--allow-all", "-A"]) {
    const { code } = await hopbook(["run", "trace-path", ...ENDS, ...words, flag, "--out", join(dir, "a")]);
    t.equal(code, 5, flag);
  }
  const denied = await hopbook([
    "run",
    "trace-path",
    ...ENDS,
    ...words,
    "--yes",
    "--deny-node=node-*",
    "--out",
    join(dir, "a"),
  ]);
  t.equal(denied.code, 4);
  t.match(denied.err, /Cannot log in to node-a: it is denied by --deny-node/);
});

t.test("hops and plan ask for what they do, and for no capture and no traffic", async (t) => {
  const { words } = cluster(t);
  for (const argv of [
    ["hops", ...ENDS],
    ["plan", "trace-path", ...ENDS],
  ]) {
    const { code, err } = await hopbook([...argv, ...words]);
    t.equal(code, 4);
    t.match(
      err,
      /Grant exactly this: --allow-node=node-a --allow-exec=runtime\/pods,runtime\/inspect,node\/read,netns\/read;/,
    );
    t.notMatch(err, /tcpdump|--allow-capture|--allow-traffic/);
  }
});

const ANSWERS: readonly (readonly [readonly (string | null)[], boolean, number])[] = [
  [["y"], true, 1],
  [["Yes"], true, 1],
  [[" y "], true, 1],
  [["n"], false, 1],
  [["NO"], false, 1],
  [[""], false, 1],
  [[null], false, 1],
  [["what?", "y"], true, 2],
  [["yy", "yes please", "sure"], false, 3],
  [["what?", null], false, 2],
];

for (const [answers, isGranted, count] of ANSWERS) {
  t.test(`the answers ${JSON.stringify(answers)}: ${isGranted ? "go" : "no"}`, async (t) => {
    const { dir, words } = cluster(t);
    const argv = ["run", "trace-path", ...ENDS, ...words, "--out", join(dir, "a")];
    const { code, err, asked } = await hopbook(argv, { answers });
    t.equal(asked, count);
    t.match(err, /trace-path on cluster gone[^]*node-a \(local\)[^]*it asks to:[^]*\[y\/N\] /);
    t.equal(code, isGranted ? 5 : 4);
    if (!isGranted) t.match(err, /the answer was no\nhint: No node was touched/);
    t.equal(existsSync(join(dir, "a")), isGranted);
  });
}

t.test("a person is not asked for what the flags grant already", async (t) => {
  const { dir, words } = cluster(t);
  const { asked } = await hopbook(["run", "trace-path", ...ENDS, ...words, "-y", "--out", join(dir, "a")], {
    answers: [],
  });
  t.equal(asked, 0);
});

t.test("permission flags that name nothing there is are usage errors", async (t) => {
  const { words } = cluster(t);
  for (const flag of ["--allow-exec=netns/nonsense", "--allow-capture=many", "--deny-capture=some"]) {
    const { code, err } = await hopbook(["run", "trace-path", ...ENDS, ...words, flag]);
    t.equal(code, 2, flag);
    t.match(err, /error\[USAGE\]: Cannot use --/);
  }
});

t.test("without a cluster it says where it looked", async (t) => {
  const { code, err } = await hopbook(["run", "trace-path", ...ENDS, "--cluster", "no-such-cluster"]);
  t.equal(code, 2);
  t.match(err, /no-such-cluster/);
});

t.test("an output folder that cannot be made is said before a node is touched", async (t) => {
  const { dir, words } = cluster(t);
  const { code, err } = await hopbook([
    "run",
    "trace-path",
    ...ENDS,
    ...words,
    "-y",
    "--out",
    join(dir, "c.yaml"),
  ]);
  t.equal(code, 2);
  t.match(err, /error\[ARTIFACTS_UNWRITABLE\]/);
});
