import t, { type Test } from "tap";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync } from "node:fs";
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
      "capture/pull,netns/probe,kernel/droptrace --allow-capture=10m,64MiB,headers --allow-traffic=tcp-connect",
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

const READING =
  /--allow-node=node-a --allow-exec=runtime\/pods,runtime\/inspect,node\/read,netns\/read(?![^ \n;])/;

t.test("hops asks for what it does, and for no capture and no traffic", async (t) => {
  const { words } = cluster(t);
  const { code, err } = await hopbook(["hops", ...ENDS, ...words]);
  t.equal(code, 4);
  t.match(err, READING);
  t.notMatch(err, /tcpdump|--allow-capture|--allow-traffic/);
  t.match(
    err,
    /or all that hops asks for here, runtime\/pods, runtime\/inspect, node\/read, netns\/read: --yes$/m,
  );
  const audit = await hopbook(["hops", ...ENDS, ...words, "--audit"]);
  t.match(audit.err, /or all that hops asks for here, runtime\/pods, [^:]*netns\/read: --yes$/m);
  t.notMatch(audit.err, /the runbook declares/, "there is no runbook that a person named");
});

t.test("a plan changes nothing, so what it may not even read it says, and ends well", async (t) => {
  const { words } = cluster(t);
  const { code, err } = await hopbook(["plan", "trace-path", ...ENDS, ...words]);
  t.equal(code, 0);
  t.match(err, READING);
});

const ANSWERS: readonly (readonly [readonly (string | null)[], boolean, number])[] = [
  [["y"], true, 1],
  [["Yes"], true, 1],
  [[" y "], true, 1],
  [["all"], true, 1],
  [["A"], true, 1],
  [["n"], false, 1],
  [["NO"], false, 1],
  [[""], false, 1],
  [[null], false, 1],
  [["what?", "y"], true, 2],
  [["details", "d", "y"], true, 3],
  [["details", "n"], false, 2],
  [["yy", "yes please", "sure"], false, 3],
  [["what?", null], false, 2],
  [Array.from({ length: 30 }, () => "d"), false, 20],
];

for (const [answers, isGranted, count] of ANSWERS) {
  t.test(`the answers ${JSON.stringify(answers)}: ${isGranted ? "go" : "no"}`, async (t) => {
    const { dir, words } = cluster(t);
    const argv = ["run", "trace-path", ...ENDS, ...words, "--out", join(dir, "a")];
    const { code, err, asked } = await hopbook(argv, { answers });
    t.equal(asked, count);
    t.match(err, /trace-path on cluster gone[^]*node-a \(local\)[^]*it asks to:[^]*\[y\/n\/all\/details\] /);
    t.equal(code, isGranted ? 5 : 4);
    if (answers.includes("details")) {
      t.match(err, /netns\/probe may run[^]*ping: with a count, no flood/);
      t.match(err, /this run's steps:\n {2}path: path\/discover[^]*left out: watch: time\/wait/);
    }
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

/** A runbook that only waits, and declares much: nothing of it reaches a node that is not there. */
const ASKING = `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: {name: asking, title: Asks for much}
permissions:
  node: {}
  exec: ["runtime/*"]
  mutate: ["ip link set * up", "conntrack -D **"]
  shell: true
  read: ["./a b", "/c,d", "/it's"]
  write: [./out]
  net: ["*.example:443"]
  env: ["LC_*"]
  kube: [{verbs: [get, list], resources: [pods, pods/log], namespaces: [shop, "*"]}]
steps:
  - {id: pause, uses: time/wait, with: {duration: 1ms}}
`;

t.test("the flags of every scope are ready to be pasted into a shell", async (t) => {
  const dir = t.testdir({ "c.yaml": GONE_CLUSTER, books: { "asking.yaml": ASKING } });
  const run = [
    "run",
    join(dir, "books/asking.yaml"),
    "--cluster",
    join(dir, "c.yaml"),
    "--out",
    join(dir, "a"),
  ];
  const { code, err } = await hopbook(run);
  t.equal(code, 4);
  const flags = /Grant exactly this: (.+); or all/.exec(err)?.[1] ?? "";
  // A real shell splits them, as for a person who pastes them.
  const shown = execFileSync("sh", ["-c", `for word in ${flags}; do printf '%s\\0' "$word"; done`], {
    encoding: "utf8",
  });
  const words = shown.split("\0").slice(0, -1);
  t.match(words, [
    ...["--allow-node=node-a", "--allow-exec=runtime/*", "--allow-shell", "--allow-mutate=ip link set * up"],
    ...["--allow-mutate=conntrack -D **", `--allow-read=${dir}/books/a b,/c,,d,/it's`],
    ...[`--allow-write=${dir}/books/out`, "--allow-net=*.example:443", "--allow-env=LC_*"],
    "--allow-kube=get:pods:shop,get:pods,get:pods/log:shop,get:pods/log,list:pods:shop,list:pods,list:pods/log:shop,list:pods/log",
  ]);
  t.equal((await hopbook([...run, ...words])).code, 5, "with just these it goes on");
  for (const left of words.keys()) {
    const fewer = await hopbook([...run, ...words.filter((_, index) => index !== left)]);
    t.equal(fewer.code, 4, `not without ${words[left]}`);
    t.match(fewer.err, /Grant exactly this: /);
  }
});

t.test("several groups are asked for one by one; one no is a no", async (t) => {
  const dir = t.testdir({ "c.yaml": GONE_CLUSTER, books: { "asking.yaml": ASKING } });
  const run = [
    "run",
    join(dir, "books/asking.yaml"),
    "--cluster",
    join(dir, "c.yaml"),
    "--out",
    join(dir, "a"),
  ];
  for (const [answers, code, count] of [
    [["y", "y", "y", "y"], 5, 4],
    [["y", "all"], 5, 2],
    [["all"], 5, 1],
    [["y", "n"], 4, 2],
    [["y", "y", "y", ""], 4, 4],
    [["y", "details", "y", "details", "y", "y"], 5, 6],
  ] as const) {
    const spoken = await hopbook(run, { answers });
    t.equal(spoken.code, code, answers.join());
    t.equal(spoken.asked, count, answers.join());
    t.match(
      spoken.err,
      /\(2\) On this node:\n {2}node-a \(local\)\nit asks to CHANGE things:\n {2}change: ip link set \* up/,
    );
    t.match(spoken.err, /Grant \(1\) for this run\? \[y\/n\/all\/details\] /);
  }
});

t.test("a run that is sure to be refused ends before a node is touched", async (t) => {
  const { dir, words } = cluster(t);
  const run = ["run", "trace-path", ...ENDS, ...words, "-y", "--out", join(dir, "a")];
  const denied = await hopbook([...run, "--deny-traffic"]);
  t.equal(denied.code, 4);
  t.match(
    denied.err,
    /a step would be refused[^]*traffic \(traffic\/probe\): it is denied by --deny-traffic/,
  );
  t.match(denied.err, /leave the step traffic out by its input traffic/);
  t.notOk(existsSync(join(dir, "a")));
  t.equal((await hopbook([...run, "--deny-traffic", "--no-traffic"])).code, 5, "without the step it goes on");
  const noCapture = await hopbook([...run, "--deny-capture"]);
  t.equal(noCapture.code, 4);
  t.match(noCapture.err, /2 steps would be refused[^]*capture \(capture\/start\)[^]*stop \(capture\/stop\)/);
  t.equal((await hopbook([...run, "--deny-exec=kernel/droptrace"])).code, 5, "the runbook bears that one");
  t.equal((await hopbook([...run, "--deny-exec=node/read"])).code, 5, "others may still do");
  const asked = await hopbook([...run.filter((word) => word !== "-y"), "--deny-traffic"], { answers: ["y"] });
  t.equal(asked.asked, 0, "nobody is asked for what is of no use");
  t.equal(asked.code, 4);
});

t.test(
  "an operator's profile grants by file and by name, from outside the runbook's folder only",
  async (t) => {
    const profile = `apiVersion: hopbook.dev/v1
kind: PermissionProfile
metadata: {name: oncall}
runbooks: [trace-*, "${join(t.testdirName, "books/trace-x.yaml")}"]
allow:
  node: ["node-*"]
  exec: true
  capture: [30m, 2GiB, full]
  traffic: true
deny:
  mutate: true
`;
    const dir = t.testdir({
      "c.yaml": GONE_CLUSTER,
      books: {
        "trace-x.yaml": ASKING.replace("asking", "trace-x"),
        "mine.yaml": profile,
        sub: { "mine.yaml": profile },
      },
      config: { hopbook: { permissions: { "oncall.yaml": profile } } },
      "mine.yaml": profile,
      "open.yaml": profile,
      "broken.yaml": profile.replace("exec: true", "exec: [no/such]"),
      "other.yaml": profile.replace(/^runbooks.*/m, "runbooks: [trace-x]"),
      "typo.yaml": profile.replace("exec:", "exce:"),
      link: t.fixture("symlink", "books/mine.yaml"),
    });
    chmodSync(join(dir, "open.yaml"), 0o664);
    const { XDG_CONFIG_HOME } = process.env;
    process.env["XDG_CONFIG_HOME"] = join(dir, "config");
    t.teardown(() => {
      if (XDG_CONFIG_HOME === undefined) delete process.env["XDG_CONFIG_HOME"];
      else process.env["XDG_CONFIG_HOME"] = XDG_CONFIG_HOME;
    });
    const cluster = ["--cluster", join(dir, "c.yaml"), "--out", join(dir, "a")];
    const trace = ["run", "trace-path", ...ENDS, ...cluster];
    t.equal((await hopbook([...trace, "-P", join(dir, "mine.yaml")])).code, 5, "by file");
    t.equal((await hopbook([...trace, "-P", "oncall"])).code, 5, "by name");
    t.equal((await hopbook([...trace, "-P", "oncall", "-P", join(dir, "mine.yaml")])).code, 5, "both");
    t.equal((await hopbook([...trace, "-P", "oncall", "--deny-node=*"])).code, 4, "a flag denies more");
    const book = ["run", join(dir, "books/trace-x.yaml"), ...cluster];
    for (const [name, code, says] of [
      ["books/mine.yaml", 4, /it lies in .*books, where the runbook or a part of it comes from/],
      ["books/sub/mine.yaml", 4, /it lies in .*books/],
      ["link", 4, /it lies in .*books/],
      ["open.yaml", 4, /its group may write it/],
      ["books", 4, /not a regular file/],
      ["nothing.yaml", 2, /Cannot read/],
      ["broken.yaml", 2, /broken\.yaml:7\): there is no action "no\/such"/],
      ["typo.yaml", 2, /did you mean/],
    ] as const) {
      const { code: ended, err } = await hopbook([...book, "-y", "-P", join(dir, name)]);
      t.equal(ended, code, name);
      t.match(err, says, name);
    }
    const { code: missing, err } = await hopbook([...book, "-P", "oncall"]);
    t.equal(missing, 4);
    t.match(err, /Grant exactly this: '--allow-read=/, "what it denies and grants is not asked for");
    t.notMatch(err, /CHANGE things/, "nor asked about");
    const named = await hopbook([...book, "-P", join(dir, "other.yaml")]);
    t.equal(named.code, 4);
    t.match(named.err, /A grant is left out: .*other\.yaml:4 names hopbook's own trace-x, .*sha256:/s);
    t.match(
      named.err,
      /Grant exactly this: .*--allow-node/,
      "a name alone grants nothing to a file that has it",
    );
    t.equal((await hopbook([...book, "-P", "nobody"])).code, 2, "a name that is none");
  },
);

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
