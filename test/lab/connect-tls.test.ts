import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { downLab, execInNode, execInPod, upLab } from "../../lib/lab/index.js";
import { replayRun } from "../../lib/replay/replay.js";
import { runRunbook, type RunOptions } from "../../lib/run/run.js";
import { shareRun } from "../../lib/share/share.js";
import { verifyArchive } from "../../lib/share/verify.js";
import { mostMs, untilInShell } from "../fixtures/patience.js";
import { delayPackets } from "./delay.js";

/** What TLS servers answer, real ones by Node and OpenSSL's certificates, and what connect calls it. */

const name = `tls-${process.pid}`;
const out = mkdtempSync(join(tmpdir(), "hopbook-tls-"));
const lab = await upLab({ name, topology: "calico-vxlan" });
t.teardown(async () => {
  await downLab({ name });
  rmSync(out, { recursive: true, force: true });
});

/** Servers by port: which certificate, and what it asks of clients. */
const SERVERS = `
const { createServer } = require("node:tls");
const { readFileSync } = require("node:fs");
const of = (name) => ({ key: readFileSync("/run/pod/tls/" + name + ".key"), cert: readFileSync("/run/pod/tls/" + name + ".crt") });
const serve = (port, options) => createServer(options, (socket) => socket.destroy())
  .on("tlsClientError", () => {}).listen(port, "0.0.0.0");
serve(8443, of("good"));
serve(8444, of("old"));
serve(8445, { ...of("good"), minVersion: "TLSv1.3" });
serve(8446, { ...of("good"), maxVersion: "TLSv1.2", ciphers: "DHE-RSA-AES256-GCM-SHA384" });
require("node:https").createServer(of("good"), ({ url }, answer) => {
  answer.statusCode = url === "/slow?a=1" ? 200 : 404;
  setTimeout(() => answer.end("slow"), 200);
}).listen(8448, "0.0.0.0");
serve(8447, of("good")).on("listening", () => require("node:fs").writeFileSync("/run/pod/tls/ready", ""));
`;
const START = `setsid node -e "$1" </dev/null >/run/pod/tls/log 2>&1 &
${untilInShell("[ -e /run/pod/tls/ready ]", "cat /run/pod/tls/log >&2")}`;

const folder = join(lab.dir, "nodes/node-b/files/pods/web/tls");
mkdirSync(folder);
function certify(as: string, ...dates: readonly string[]): void {
  const subject = ["-subj", "/CN=web.shop", "-addext", "subjectAltName=DNS:web.shop,DNS:*.web.shop"];
  const to = ["-keyout", join(folder, `${as}.key`), "-out", join(folder, `${as}.crt`)];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  execFileSync("openssl", ["req", "-x509", ...key, ...to, ...subject, ...dates], { stdio: "pipe" });
}
certify("good", "-days", "30");
/** OpenSSL makes none of the past by `req` alone before 3.4. */
writeFileSync(
  join(folder, "ca.cnf"),
  `[ca]\ndefault_ca=x\n[x]\ndatabase=${folder}/index.txt\nnew_certs_dir=${folder}\nserial=${folder}/serial\ndefault_md=sha256\npolicy=p\ncopy_extensions=copy\n[p]\ncommonName=supplied\n`,
);
writeFileSync(join(folder, "index.txt"), "");
writeFileSync(join(folder, "serial"), "01\n");
const CA = ["-config", join(folder, "ca.cnf"), "-keyfile", join(folder, "good.key")];
execFileSync(
  "openssl",
  [
    ...["req", "-new", "-key", join(folder, "good.key"), "-out", join(folder, "old.csr")],
    ...["-subj", "/CN=web.shop", "-addext", "subjectAltName=DNS:web.shop"],
  ],
  { stdio: "pipe" },
);
execFileSync(
  "openssl",
  [
    ...["ca", "-batch", "-selfsign", ...CA, "-in", join(folder, "old.csr"), "-out", join(folder, "old.crt")],
    ...["-startdate", "20260101000000Z", "-enddate", "20260201000000Z", "-notext"],
  ],
  { stdio: "pipe" },
);
execFileSync("cp", [join(folder, "good.key"), join(folder, "old.key")]);
const started = await execInPod(lab, "shop/web", ["sh", "-c", START, "start", SERVERS]);
if (started.exitCode !== 0) throw new Error(started.stderr);

interface Case {
  readonly what: string;
  readonly port: number;
  readonly serverName: string;
  readonly code: string;
  readonly says: RegExp;
  readonly tls?: RegExp;
}

const CASES: readonly Case[] = [
  {
    ...{ what: "a good certificate", port: 8443, serverName: "web.shop", code: "" },
    says: /^\d+(\.\d)? ms in all \(connection .*, TLS .*\): /,
    tls: /^TLS: TLS 1\.2, certificate for web\.shop, \*\.web\.shop, valid until 20\d\d-/,
  },
  {
    ...{ what: "a good one by its wildcard", port: 8443, serverName: "api.web.shop", code: "" },
    says: /TLS/,
  },
  {
    ...{ what: "another name", port: 8443, serverName: "cart.shop", code: "connect-tls-wrong-name" },
    says: /certificate for web\.shop, .*, and not for cart\.shop/,
  },
  {
    ...{ what: "an expired one", port: 8444, serverName: "web.shop", code: "connect-tls-expired" },
    says: /which ended on 2026-02-01T00:00:00\.000Z/,
  },
  {
    ...{ what: "a server of TLS 1.3 alone", port: 8445, serverName: "web.shop", code: "" },
    says: /TLS/,
    tls: /none but newer versions than TLS 1\.2/,
  },
  {
    ...{ what: "no common cipher", port: 8446, serverName: "web.shop", code: "connect-tls-alert" },
    says: /asked for web\.shop, it answers with the alert handshake_failure/,
  },
  {
    ...{ what: "a server that speaks HTTP", port: 8080, serverName: "web.shop", code: "connect-tls-none" },
    says: /what comes back is no TLS: HTTP in plain/,
  },
];

async function connect(
  port: number,
  raw: Readonly<Record<string, string | string[]>>,
): Promise<{
  code: string;
  message: string;
  notes: readonly string[];
  statuses: readonly string[];
  incomplete: readonly string[];
}> {
  const notes: string[] = [];
  const { findings } = await runRunbook({
    runbook: "connect",
    inputs: { from: "shop/client", to: `shop/web:${port}`, count: "2", slow: "10s", ...raw },
    ...{ cluster: lab.files.profile, cwd: out, out, grants: { yes: true } },
    signal: new AbortController().signal,
    onEvent: (event) => void (event.type === "note" && notes.push(event.text)),
  });
  const [check] = findings.checks;
  const statuses = findings.flows.map(({ verdict }) => verdict.status);
  return {
    code: check?.code ?? "",
    message: check?.message ?? "",
    notes,
    statuses,
    incomplete: findings.run.incomplete,
  };
}

for (const { what, port, serverName, code, says, tls = /./ } of CASES) {
  t.test(`${what}: ${code === "" ? "no alarm" : code}`, async (t) => {
    const judged = await connect(port, { probe: ["tls"], serverName });
    t.comment(judged.message);
    t.equal(judged.code, code, judged.message);
    t.match(judged.message, says);
    t.ok(
      judged.notes.some((note) => tls.test(note)),
      judged.notes.join("\n"),
    );
    t.strictSame([...new Set(judged.statuses)], ["delivered"], "what TLS says is no loss of the network");
  });
}

/** What was held for 200 ms takes that, and on a busy machine longer. */
function expectHeld(t: Test, found: RegExpExecArray | null): void {
  t.ok(found, "it is said how long it took");
  for (const ms of found?.slice(1).map(Number) ?? []) t.ok(ms >= 190 && ms < mostMs(300), `${ms} ms`);
}

t.test("a delay of TLS alone is the far end's", async (t) => {
  const rule = "INPUT -p tcp --dport 8443 -m length --length 150:";
  const undo = await delayPackets(lab, { place: "shop/web", rule, ms: 200 });
  const judged = await connect(8443, { probe: ["tls"], serverName: "web.shop" }).finally(undo);
  expectHeld(t, /^(\d+) ms in all \(connection .*, TLS (\d+) ms\)/.exec(judged.message));
});

t.test("a page by its URL: status, first byte, certificate and who vouches for it", async (t) => {
  const judged = await connect(8448, { url: "https://web.shop:8448/slow?a=1" });
  t.comment(judged.message);
  t.equal(judged.code, "");
  const http = /\(name .*, connection .*, TLS .*, HTTP (\d+) ms\): .*shop\/web \([^)]*HTTP (\d+) ms\)/;
  expectHeld(t, http.exec(judged.message));
  const [note = ""] = judged.notes.filter((text) => text.startsWith("TLS: "));
  // In the report, too.
  expectHeld(t, /; TLS 1\.3 .*, HTTP 200, its first byte after (\d+) ms$/.exec(judged.message));
  t.match(note, /^TLS: TLS 1\.3 \(TLS_\w+\), certificate for web\.shop, \*\.web\.shop, valid until 20/);
  t.match(note, /which the node's own authorities do not vouch for \(self-signed certificate\)/);
  expectHeld(t, /; HTTP 200, its first byte after (\d+) ms$/.exec(note));
  t.strictSame([...new Set(judged.statuses)], ["delivered"]);
});

t.test("what goes wrong inside TLS is told by its own words", async (t) => {
  const alert = await connect(8446, { probe: ["https"], serverName: "web.shop" });
  t.equal(alert.code, "connect-tls-alert", alert.message);
  t.match(alert.message, /asked for web\.shop, it answers with the alert handshake_failure/);
  const plain = await connect(8080, { probe: ["https"] });
  t.equal(plain.code, "connect-tls-none", plain.message);
  const named = await connect(8448, { probe: ["https"], serverName: "cart.shop" });
  t.equal(named.code, "connect-tls-wrong-name", named.message);
});

const SHARED: readonly { readonly runbook: string; readonly inputs: RunOptions["inputs"] }[] = [
  {
    runbook: "trace-path",
    inputs: { to: ["shop/web:8080"], probe: ["ping", "ping-large", "udp", "tcp-connect", "http"] },
  },
  { runbook: "trace-path", inputs: { to: ["10.96.0.10:53"], probe: ["dns-udp", "dns-tcp"] } },
  { runbook: "connect", inputs: { to: "shop/web:8443", probe: ["tls"], serverName: "web.shop" } },
  { runbook: "connect", inputs: { to: "shop/web:8448", url: "https://web.shop:8448/slow?a=1" } },
  { runbook: "connect", inputs: { to: "shop/web:8444", probe: ["tls"], serverName: "web.shop" } },
  { runbook: "connect", inputs: { to: "shop/web:8448", probe: ["https"], serverName: "cart.shop" } },
  { runbook: "connect", inputs: { to: "shop/web:8080", name: "web.shop" } },
];

for (const { runbook, inputs } of SHARED) {
  t.test(`${runbook} ${JSON.stringify(inputs)}, shared and run again from the archive`, async (t) => {
    const signal = new AbortController().signal;
    const { dir, exitCode, findings } = await runRunbook({
      ...{ runbook, inputs: { from: "shop/client", ...inputs }, cluster: lab.files.profile, cwd: out, out },
      ...{ grants: { yes: true }, signal, onEvent: () => undefined },
    });
    const cwd = mkdtempSync(join(out, "shared-"));
    const { archive, key } = await shareRun({ dir, out: "run.tar.gz", key: null, keepsPayload: false, cwd });
    t.strictSame((await verifyArchive(archive, key)).left, []);
    execFileSync("tar", ["-xzf", archive, "-C", cwd, "--one-top-level=given", "--strip-components=1"]);
    const again = await replayRun({
      ...{ dir: join(cwd, "given"), cwd, grants: { yes: true }, signal, onEvent: () => undefined },
    });
    t.strictSame([again.differences, again.exitCode], [[], exitCode]);
    const codes = (of: typeof findings): unknown => of.checks.map(({ code, status }) => [status, code]);
    t.strictSame(codes(again.findings), codes(findings), again.findings.run.incomplete.join("; "));
  });
}

t.test(
  "a node without openssl: the certificate is read all the same, and what was not done is said",
  async (t) => {
    // A folder of links to all programs but that one, in the node's own mounts.
    const HIDE = `mkdir -p /tmp/all /tmp/some && mount --bind /usr/bin /tmp/all && for one in /tmp/all/*; do
    [ "$one" = /tmp/all/openssl ] || ln -s "$one" "/tmp/some/\${one##*/}"; done && mount --bind /tmp/some /usr/bin`;
    const hidden = await execInNode(lab, "node-a", ["sh", "-c", HIDE]);
    t.equal(hidden.exitCode, 0, hidden.stderr);
    const judged = await connect(8448, { url: "https://web.shop:8448/slow?a=1" });
    await execInNode(lab, "node-a", ["umount", "/usr/bin"]);
    t.match(
      judged.message,
      /; TLS 1\.2, certificate for web\.shop, \*\.web\.shop, valid until 20/,
      judged.notes.join("\n"),
    );
    t.ok(
      judged.incomplete.some((why) =>
        why.startsWith("node-a has no openssl that starts, so that no page was"),
      ),
    );
  },
);
