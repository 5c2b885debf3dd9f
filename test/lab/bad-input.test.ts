import t from "tap";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execInNode } from "../../lib/lab/index.js";
import type { Findings } from "../../lib/model/findings.js";
import { Bench, ENDS, expectError, folderOf } from "./bench.js";
import { must } from "./slow.js";

/** Bad input: each ends with an error that says what, where and what to do, and with the right exit code. */

const bench = await Bench.open("bad");
const { lab, name, work } = bench;
t.teardown(() => bench.close());

const NEVER_TOUCHED: readonly (readonly [string, readonly string[], number, ...RegExp[]])[] = [
  ["no runbook named", ["run"], 2, /no runbook is named/, /hint: /],
  ["an unknown runbook", ["run", "trace-pth"], 2, /RUNBOOK_NOT_FOUND/, /mean trace-path\?/],
  ["an unknown command", ["rnu", "trace-path"], 2, /unknown command 'rnu'/, /mean run\?/],
  ["an unknown flag", ["run", "trace-path", "--form", "shop/client"], 2, /'--form'/, /mean .*--from/],
  ["an input that is missing", ["run", "trace-path", "--from", "shop/client", "--yes"], 2, /missing: to/],
  [
    "an unknown topology",
    ["lab", "up", "calico-vxlna", "--name", "none"],
    2,
    /calico-vxlna/,
    /calico-vxlan\b/,
  ],
  ["an unknown fault", ["lab", "fault", "fdb-mising", "on", "--name", name], 2, /fdb-mising/, /fdb-missing/],
  ["no cluster", ["run", "trace-path", ...ENDS, "--yes"], 2, /CLUSTER_NOT_FOUND/, /hint: /],
];

const BAD_INPUTS: readonly (readonly [string, readonly string[], number, ...RegExp[]])[] = [
  [
    "an unknown pod",
    ["--from", "shop/clint", "--to", "shop/web"],
    5,
    /TARGET_NOT_FOUND/,
    /"shop\/clint"/,
    /shop\/client/,
  ],
  [
    "a pod without its namespace",
    ["--from", "client", "--to", "shop/web"],
    5,
    /no namespace/,
    /shop\/client/,
  ],
  ["an unknown node", ["--from", "node/node-c", "--to", "shop/web"], 5, /node-c/, /node-a|node-b/],
  [
    "a command behind a pod",
    ["--from", "shop/client;reboot", "--to", "shop/web"],
    2,
    /"shop\/client;reboot"/,
  ],
  ["a substitution", ["--from", "shop/$(reboot)", "--to", "shop/web"], 2, /"shop\/\$\(reboot\)"/],
  ["backquotes", ["--from", "shop/`reboot`", "--to", "shop/web"], 2, /"shop\/`reboot`"/],
  ["a newline", ["--from", "shop/client\nreboot", "--to", "shop/web"], 2, /control characters/],
  ["an end that looks like a flag", ["--from", "shop/client", "--to=-z"], 2, /"-z"/],
  [
    "a filter in place of an end",
    ["--from", "shop/client", "--to", "host 1.2.3.4 or 1=1"],
    2,
    /host 1\.2\.3\.4/,
  ],
  ["a path in place of a node", ["--from", "node/../../etc", "--to", "shop/web"], 2, /etc/],
  ["a port that is none", ["--from", "shop/client", "--to", "shop/web:99999"], 2, /port/],
  ["a DNS name with quotes", [...ENDS, "--dns-name", 'a";reboot;"'], 2, /dnsName/],
  ["a DNS name that looks like a flag", [...ENDS, "--dns-name=-x"], 2, /dnsName/],
  ["an HTTP path with CRLF", [...ENDS, "--http-path", "/\r\nHost: evil"], 2, /httpPath/],
  ["a count of 0", [...ENDS, "--count", "0"], 2, /count is "0".*at least 1/],
  ["a count that is none", [...ENDS, "--count", "four"], 2, /count is "four"/],
  ["a count that no probe takes", [...ENDS, "--count", "1000"], 2, /1000/],
  ["a duration without its unit", [...ENDS, "--interval", "5"], 2, /interval is "5".*with a unit/],
  ["a size without its unit", [...ENDS, "--max-bytes", "5"], 2, /maxBytes is "5".*with a unit/],
  ["an unknown protocol", [...ENDS, "--protocol", "sctp"], 2, /protocol is "sctp".*icmp/],
];

t.test("what is wrong before a node is touched", async (t) => {
  for (const [what, args, exit, ...says] of NEVER_TOUCHED) {
    await t.test(what, async (t) => {
      const ended = await bench.hopbook(...args);
      expectError(t, ended, { exit, says });
      t.notOk(existsSync(ended.outDir), "no run folder");
    });
  }
});

t.test("inputs that are wrong or hostile", async (t) => {
  for (const [what, args, exit, ...says] of BAD_INPUTS) {
    await t.test(what, async (t) => expectError(t, await bench.run(...args), { exit, says }));
  }
  await bench.expectClean(t);

  await t.test("quotes in an HTTP path are just a path", async (t) => {
    const ended = await bench.run(
      ...ENDS,
      "--probe",
      "http",
      "--count",
      "1",
      "--http-path",
      "/\"'$(touch${IFS}/tmp/x)`id`",
    );
    t.ok([0, 3].includes(ended.exitCode ?? -1), ended.stderr);
    await bench.expectClean(t, ended.outDir);
  });
});

t.test("no permission, and nobody to ask", async (t) => {
  const refused = await bench.hopbook("run", "trace-path", "--cluster", lab.files.profile, ...ENDS);
  expectError(t, refused, { exit: 4, says: [/PERMISSION_DENIED/, /node-a,node-b/, /--allow-exec=/] });
  t.notOk(existsSync(refused.outDir), "no run folder");
  const flags = [...refused.stderr.matchAll(/^ {4}(--allow-\S+)$/gm)].map((match) => match[1] ?? "");
  t.ok(flags.length > 0);
  const granted = await bench.hopbook("run", "trace-path", "--cluster", lab.files.profile, ...ENDS, ...flags);
  t.equal(granted.exitCode, 0, `the flags it named are enough: ${granted.stderr}`);
  await bench.expectClean(t, granted.outDir);
  const denied = await bench.run(...ENDS, "--deny-traffic=tcp-connect");
  t.equal(denied.exitCode, 6, `what was denied is missing, the rest is there: ${denied.stderr}`);
  t.match(denied.stderr, /denied by --deny-traffic/);
  await bench.expectClean(t, denied.outDir);
});

t.test("a runbook with a typo", async (t) => {
  const file = join(work, "typo.yaml");
  const text = readFileSync(join(import.meta.dirname, "../../runbooks/trace-path.yaml"), "utf8");
  writeFileSync(file, text.replace("continueOnError: true", "continueOnEror: true"));
  const line = text.slice(0, text.indexOf("continueOnError: true")).split("\n").length;
  for (const verb of [
    ["check", file],
    ["run", file, ...ENDS, "--yes", "--cluster", lab.files.profile],
  ]) {
    const ended = await bench.hopbook(...verb);
    const place = new RegExp(`typo\\.yaml:${line}:5`);
    t.equal(ended.exitCode, 2, ended.stderr);
    for (const words of [place, /\^/, /did you mean "continueOnError"/]) t.match(ended.stderr, words);
    t.notOk(existsSync(ended.outDir), "no run folder");
  }
});

/** The lab's own profile by ssh, changed. */
function writeProfile(file: string, change: (text: string) => string): string {
  const path = join(lab.dir, file);
  writeFileSync(path, change(readFileSync(lab.files.sshProfile, "utf8")));
  return path;
}

t.test("nodes that cannot be reached", async (t) => {
  const silent = writeProfile("silent.yaml", (text) => text.replace("10.77.0.12", "10.77.0.99"));
  const ended = await bench.run(...ENDS, "--cluster", silent);
  expectError(t, ended, { exit: 5, says: [/node-b/, /hint: /] });
  t.ok(ended.durationMs < 40_000, `in ${Math.round(ended.durationMs)} ms`);

  const config = readFileSync(lab.files.sshConfig, "utf8");
  const withConfig = (file: string, change: (text: string) => string): string => {
    writeFileSync(join(lab.dir, `${file}_config`), change(config));
    return writeProfile(`${file}.yaml`, (text) => text.replace("./ssh_config", `./${file}_config`));
  };
  const key = join(lab.dir, "other_key");
  rmSync(key, { force: true });
  await must(lab, "node-a", ["true"]);
  const made = await execInNode(lab, "node-a", [
    "sh",
    "-c",
    'ssh-keygen -q -t ed25519 -N "" -f /tmp/k >/dev/null && cat /tmp/k; rm -f /tmp/k /tmp/k.pub',
  ]);
  writeFileSync(key, made.stdout, { mode: 0o600 });
  const wrongKey = withConfig("wrongkey", (text) => text.replace(/IdentityFile .*/, `IdentityFile ${key}`));
  expectError(t, await bench.run(...ENDS, "--cluster", wrongKey), {
    exit: 5,
    says: [/SSH_AUTH_FAILED/, /hint: /],
  });

  const none = join(lab.dir, "no_known_hosts");
  writeFileSync(none, "");
  const unknown = withConfig("unknown", (text) =>
    text.replace(/UserKnownHostsFile .*/, `UserKnownHostsFile ${none}`),
  );
  const said = await bench.run(...ENDS, "--cluster", unknown);
  expectError(t, said, { exit: 5, says: [/HOST_KEY_UNKNOWN/, /hint: /] });

  await must(lab, "node-b", ["sh", "-c", 'read -r pid </run/sshd.pid; kill "$pid"; rm -f /run/sshd.pid']);
  const stopped = await bench.run(...ENDS, "--cluster", lab.files.sshProfile);
  expectError(t, stopped, { exit: 5, says: [/node-b/, /hint: /] });
  await must(lab, "node-b", ["sh", "-c", "cd /run/lab && /usr/sbin/sshd -f sshd_config"]);
  bench.acceptPresent();
});

t.test("a folder for runs that cannot be written", async (t) => {
  const file = join(work, "a-file");
  writeFileSync(file, "");
  expectError(t, await bench.run(...ENDS, "--out", file), {
    exit: 2,
    says: [/ARTIFACTS_UNWRITABLE/, /a-file/, /hint: /],
  });
  expectError(t, await bench.run(...ENDS, "--out", "/proc/none"), {
    exit: 2,
    says: [/ARTIFACTS_UNWRITABLE/, /proc/],
  });
  await bench.expectClean(t);
});

t.test("a run folder that was damaged", async (t) => {
  const good = await bench.run(...ENDS, "--count", "2");
  t.equal(good.exitCode, 0, good.stderr);
  const dir = folderOf(good.outDir);
  t.equal((await bench.hopbook("analyze", dir)).exitCode, 0, "as it is, it can be analysed again");
  const damage = async (file: string, text: string | null, says: readonly RegExp[]): Promise<void> => {
    const path = join(dir, file);
    const whole = readFileSync(path);
    if (text === null) rmSync(path);
    else writeFileSync(path, text);
    expectError(t, await bench.hopbook("analyze", dir), {
      exit: 2,
      says: [/EVIDENCE_INVALID|DOCUMENT_INVALID/, ...says],
    });
    writeFileSync(path, whole);
  };
  await damage("evidence/flows.json", null, [/flows\.json/]);
  await damage("evidence/flows.json", '{"flows": [{"id": 7}]}', [/flows\.json/]);
  await damage("evidence/run.json", "{", [/run\.json/]);
  await damage("runbook.yaml", null, [/runbook\.yaml/]);
  const capture = (JSON.parse(readFileSync(join(dir, "findings.json"), "utf8")) as Findings).flows[0]?.hops[3]
    ?.pcap;
  for (const text of ["not a capture", ""]) {
    const path = join(dir, capture ?? "");
    const whole = readFileSync(path);
    writeFileSync(path, text);
    const ended = await bench.hopbook("analyze", dir);
    t.equal(ended.exitCode, 6, `a broken capture makes it incomplete: ${ended.stderr} ${ended.stdout}`);
    writeFileSync(path, whole);
  }
  expectError(t, await bench.hopbook("analyze", join(work, "none")), { exit: 2, says: [/none/] });
});
