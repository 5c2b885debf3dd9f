import t from "tap";
import { hopbook } from "./helpers.js";

const USAGE: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /no command was named/],
  [["lst"], /unknown command 'lst'\nhint: Did you mean list\?/],
  [["xyzzy"], /unknown command 'xyzzy'\nhint: hopbook --help lists the commands, hopbook list the runbooks/],
  [["help", "xyzzy"], /unknown command 'xyzzy'\nhint: hopbook --help lists the commands/],
  [["help", "trace-pth"], /unknown command 'trace-pth'\nhint: Did you mean trace-path\?/],
  [["--nonsense"], /unknown option '--nonsense'/],
  [["list", "--outptu", "json"], /Did you mean --output\?/],
  [["list", "--output", "xml"], /Allowed choices are text, json/],
  [["list", "more"], /too many arguments/],
  [["trace-path", "--frm", "a"], /unknown option '--frm'\nhint: Did you mean --from\?/],
  [["trace-pth"], /unknown command 'trace-pth'\nhint: Did you mean trace-path\?/],
  [["show"], /missing required argument 'runbook'\nhint: hopbook show --help/],
  [["check"], /missing required argument 'files'/],
  [["analyze"], /missing required argument/],
  [["report"], /missing required argument/],
  [["report", "/nowhere"], /Cannot read \/nowhere: there is no such folder\nhint: Runs are below/],
  [["replay", "/nowhere"], /Cannot read \/nowhere: there is no such folder\nhint: Runs are below/],
  [["share", "/nowhere"], /Cannot read \/nowhere: there is no such folder\nhint: Runs are below/],
  [["share", "/etc/passwd"], /Cannot read \/etc\/passwd: it is no folder/],
  [["report", "x", "--format", "pdf"], /Cannot write a report as pdf\nhint: --format takes text, md/],
  [["run"], /Cannot run: no runbook is named\nhint: Put its name first/],
  [["plan"], /Cannot plan: no runbook is named/],
  [["run", "--from", "a", "trace-path"], /hint: The runbook's name comes before its options/],
  [["run", "trace-pth"], /hint: Did you mean trace-path\?/],
  [["show", "nothing-like-it"], /Cannot find the runbook nothing-like-it/],
  [["run", "trace-path", "--frm", "a"], /unknown option '--frm'\nhint: Did you mean --from\?/],
  [["packet-loss", "--duration", "5m"], /unknown option '--duration'\nhint: Did you mean --watch\?/],
  [["trace-path", "--src", "a/b"], /hint: Did you mean --from\?/],
  [["trace-path", "--destination=a/b"], /hint: Did you mean --to\?/],
  [["capture", "--bpf", "x"], /hint: Did you mean --filter\?/],
  [["capture", "--iface", "x"], /hint: Did you mean --interface\?/],
  [["dns", "--host", "x"], /hint: Did you mean --name\?/],
  [["mtu", "--timeout", "3s"], /hint: Did you mean --wait\?/],
  [["connect", "--serverName", "x"], /hint: Did you mean --server-name\?/],
  [["connect", "--port", "80"], /hint: Did you mean the port of --to, as in --to shop\/web:8080\?/],
  [["run", "trace-path", "--dry-run"], /hint: Did you mean hopbook plan, which changes nothing\?/],
  [["capture", "--plan"], /hint: Did you mean hopbook plan, which changes nothing\?/],
  [["analyze", "x", "--src", "1.1.1.1"], /hint: Did you mean --from\?/],
  [["run", "trace-path", "--zzz"], /hint: hopbook run trace-path --help lists the options/],
  [["run", "trace-path", "stray", "--from", "a"], /too many arguments/],
  [["run", "trace-path", "--full"], /unknown option '--full'/],
  [["run", "trace-path", "--plan", "p.json"], /hint: A plan has its runbook and inputs in it/],
  [["run", "trace-path", "--from", "a", "--from", "b"], /Cannot take --from twice: once with a, once with b/],
  [["list", "--cluster", "a", "--cluster", "b"], /Cannot take --cluster twice/],
  [["run", "trace-path", "--out", "-"], /Cannot write to -: --out takes a path/],
  [["plan", "trace-path", "--out", "-"], /Cannot write to -.*\nhint: -o json/],
  [["hops", "a/b", "--to", "c/d", "--via", "telnet"], /Allowed choices are auto, local, ssh/],
  [["init", "/proc/x"], /Cannot write \/proc\/x/],
  [["new", "a", "--dir", "/proc/x"], /Cannot write|Cannot make/],
  [["replay", "example:nope"], /no example has that name\nhint: There are example:healthy/],
  [["hops"], /no end is named\nhint: Name both as in hopbook hops shop\/client --to .*, or one pod alone/],
  [["lab"], /hopbook lab wants a command/],
  [["lab", "dwn"], /Did you mean down\?/],
  [["lab", "up", "mesh"], /Cannot build a lab of topology mesh: there is calico-vxlan/],
  [["lab", "fault", "mtu-hole"], /missing required argument 'on\|off'\nhint: hopbook lab fault --help/],
  [["lab", "fault", "mtu-hole", "maybe"], /expected on or off, got maybe/],
];

for (const [argv, words] of USAGE) {
  t.test(`hopbook ${argv.join(" ")}: exit 2 and what to do`, async (t) => {
    const { code, out, err } = await hopbook(argv);
    t.equal(code, 2);
    t.equal(out, "");
    t.match(err, words);
    t.match(err, /^error\[[A-Z_]+\]: Cannot /m);
  });
}

t.test("hopbook alone shows its commands and exit codes before the error", async (t) => {
  const { err } = await hopbook([]);
  t.match(err, /Usage: hopbook[^]*Follow packets:[^]*Runbooks:[^]*trace[^]*Exit codes: 0 healthy/);
});

const HELP: readonly (readonly [readonly string[], RegExp])[] = [
  [["--help"], /run <runbook> \[inputs and options\]/],
  [["help", "run"], /hopbook run RUNBOOK --help[^]*Example:/],
  [["run", "--help"], /Usage: hopbook run <runbook> \[inputs and options\]/],
  [["plan", "--help"], /Usage: hopbook plan/],
  [["hops", "--help"], /--to <END>/],
  [["list", "--help"], /--output <FORMAT>/],
  [["show", "--help"], /name or file/],
  [["check", "--help"], /YAML files/],
  [["analyze", "--help"], /captures of one\s+path/],
  [["report", "--help"], /text, md, html, json, junit, sarif, prometheus or summary/],
  [["lab", "--help"], /fault <fault> <on\|off>/],
  [["lab", "up", "--help"], /--rootless/],
  [["lab", "fault", "--help"], /on sets it, off takes it away/],
  [["demo", "--help"], /--keep/],
];

for (const [argv, words] of HELP) {
  t.test(`hopbook ${argv.join(" ")} goes to stdout, and is no error`, async (t) => {
    const { code, out, err } = await hopbook(argv);
    t.equal(code, 0);
    t.match(out, words);
    t.equal(err, "");
    t.notMatch(out, /undefined|\[object|default: \)|\(default \)/);
    t.ok(
      out.split("\n").every((line) => line.length <= 115),
      "no line runs out of a terminal",
    );
  });
}

t.test("--help behind a runbook's name shows its inputs", async (t) => {
  const { code, out: shown } = await hopbook(["run", "trace-path", "--help"]);
  t.equal(code, 0);
  // Lines are broken where the terminal ends.
  const out = shown.replace(/\s+/g, " ");
  t.match(out, /Inputs of the runbook: --from <STRING> Where the traffic starts.*\(required\)/);
  t.match(out, /--dns-name <STRING>/);
  t.match(out, /--no-traffic/);
  t.match(out, /icmp \(auto, icmp, udp, tcp\) \(default auto\)/);
  t.match(out, /Permissions:[^]*--yes/);
  t.match(out, /Cluster:[^]*--cluster/);
});

t.test("help with a runbook's name is the help of its run; a command's comes first", async (t) => {
  const [asked, own] = [
    await hopbook(["help", "trace-path"]),
    await hopbook(["run", "trace-path", "--help"]),
  ];
  t.equal(asked.code, 0);
  t.equal(asked.out, own.out);
  t.match((await hopbook(["help", "list"])).out, /^Usage: hopbook list/);
});

t.test("--output json: an error is one object on stdout, wherever it comes from", async (t) => {
  const lines = [
    ["run", "trace-path", "--output", "json"],
    ["run", "trace-path", "-o", "json", "--bogus"],
    ["run", "trace-path", "-ojson", "--from", "a", "--to", "b", "--count", "none"],
    ["show", "nothing", "--output=json"],
    ["analyze", "/nowhere", "-o", "json"],
    ["hops", "--output", "json"],
  ];
  for (const argv of lines) {
    const { code, out } = await hopbook(argv);
    t.equal(code, 2);
    t.match(
      JSON.parse(out),
      { apiVersion: "hopbook.dev/v1", kind: "Error", code: String, exitCode: 2 },
      argv.join(" "),
    );
  }
  t.equal((await hopbook(["run", "trace-path", "--output", "text"])).out, "");
});

t.test("what is missing or wrong is listed all at once", async (t) => {
  const missing = await hopbook(["run", "trace-path"]);
  t.match(missing.err, /required and missing: from, to/);
  t.equal(missing.err.split("required and missing").length, 2, "and said once");
  const wrong = await hopbook([
    "run",
    "trace-path",
    "--to",
    "b",
    "--count",
    "many",
    "--protocol",
    "sctp",
    "--watch",
    "10",
    "--dns-name",
    "a b",
  ]);
  t.equal(wrong.code, 2);
  for (const word of [/missing: from/, /count/, /protocol.*icmp/, /watch/, /dnsName/])
    t.match(wrong.err, word);
});

t.test("words of the command line steer no terminal, and are no colours of ours", async (t) => {
  const hostile = "x\u001b[31m\u001b]0;owned\u0007\u009b2J";
  for (const argv of [
    [hostile],
    ["show", hostile],
    ["run", "trace-path", `--${hostile}`],
    ["analyze", hostile],
  ]) {
    for (const color of [true, false]) {
      const { err } = await hopbook(argv, { color });
      t.match(err, /\\x1b\[31m/);
      // eslint-disable-next-line no-control-regex
      const rest = color ? err.replace(/\u001b\[(?:31|36|39)m/g, "") : err;
      // eslint-disable-next-line no-control-regex
      t.notMatch(rest, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }
  }
});
