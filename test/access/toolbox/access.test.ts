import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { spawnSync } from "node:child_process";
import { openAccess } from "../../../lib/access/registry.js";
import {
  buildRun,
  buildToolboxSpec,
  readPodmanFailure,
  readToolboxRc,
} from "../../../lib/access/toolbox/argv.js";
import { listNodeLeftovers } from "../../../lib/cluster/index.js";
import type { NodeTarget, ToolboxAccessConfig } from "../../../lib/model/access.js";
import { installPodman } from "../podman.js";
import { startSshd } from "../sshd.js";
import { trust } from "../../fixtures/trust.js";

/**
 * CoreOS's toolbox over a real sshd. There is no CoreOS here: podman is a stand-in, so what this shows are hopbook's
 * command lines and what it makes of their ends, not podman's own behaviour.
 */

const CONFIG: ToolboxAccessConfig = { via: "toolbox" };

t.test("~/.toolboxrc is read, never run", (t) => {
  const rc = `# mine\nREGISTRY=quay.io\nexport IMAGE="team/debug:2" # two\nAUTHFILE='/root/auth.json'\nTOOLBOX_NAME=pet\nREGISTRY=$(touch /x)\nIMAGE=\`id\`\nPATH=/x\n`;
  t.strictSame(readToolboxRc(rc), {
    REGISTRY: "quay.io",
    IMAGE: "team/debug:2",
    AUTHFILE: "/root/auth.json",
  });
  t.end();
});

t.test("the profile first, then ~/.toolboxrc, then CoreOS's defaults", (t) => {
  t.strictSame(buildToolboxSpec(CONFIG, {}, "ab"), {
    image: "registry.redhat.io/rhel9/support-tools",
    authFile: "/var/lib/kubelet/config.json",
    name: "toolbox-hopbook-ab",
  });
  const rc = { REGISTRY: "quay.io", IMAGE: "a/b:1", AUTHFILE: "/a" };
  t.match(buildToolboxSpec(CONFIG, rc, "x"), { image: "quay.io/a/b:1", authFile: "/a" });
  t.match(buildToolboxSpec({ ...CONFIG, image: "c/d", authFile: "/b", toolboxName: "mine" }, rc, "x"), {
    ...{ image: "quay.io/c/d", authFile: "/b", name: "mine-hopbook-x" },
  });
  t.match(buildToolboxSpec({ ...CONFIG, image: "localhost/tools:1" }, rc, "x"), {
    image: "localhost/tools:1",
  });
  t.match(buildToolboxSpec({ ...CONFIG, image: "reg.test:4443/tools@sha256:0f" }, rc, "x"), {
    image: "reg.test:4443/tools@sha256:0f",
  });
  t.match(buildToolboxSpec({ ...CONFIG, image: "reg.test/t", registry: "mirror.test" }, rc, "x"), {
    image: "mirror.test/reg.test/t",
  });
  for (const bad of [{ registry: "-v" }, { authFile: "auth.json" }, { toolboxName: "--all" }]) {
    t.throws(() => buildToolboxSpec({ ...CONFIG, ...bad }, {}, "x"), { code: "INPUT_INVALID" });
  }
  const argv = buildRun(buildToolboxSpec(CONFIG, {}, "ab"), {
    seconds: 60,
    labels: { a: "b" },
    marks: ["C=d"],
  });
  t.notMatch(argv.join(" "), /--tty|-t /, "a terminal would merge stdout and stderr");
  t.match(argv.join(" "), /--rm .*--label=a=b .*--pid=host .*--env=C=d .*support-tools 60$/);
  t.end();
});

t.test("podman's own failures", (t) => {
  t.equal(
    readPodmanFailure(125, 'Error: no container with name or ID "x" found: no such container\n'),
    'Error: no container with name or ID "x" found: no such container',
  );
  t.equal(readPodmanFailure(125, "the command's own\n"), null);
  t.equal(readPodmanFailure(1, "Error: of the command\n"), null);
  t.end();
});

t.test("tools of the toolbox, the node's own runtime, and nothing left", async (t) => {
  const sshd = await startSshd();
  t.teardown(() => sshd.stop());
  const { access: login } = sshd.target();
  const target = (changes: Partial<ToolboxAccessConfig> = {}): NodeTarget => ({
    ...sshd.target(),
    access: { ...login, image: "reg.test/tools:1", ...changes, via: "toolbox" },
  });
  const lease = { runId: "run-1", owner: "jo@test", durationMs: 60_000 };
  // A machine that has one finds its own.
  if (spawnSync("podman", ["--version"]).error !== undefined)
    await t.rejects(openAccess(target(), { lease }), { code: "TOOL_MISSING", message: /podman: not found/ });
  const log = join(sshd.folder, "podman.log");
  await installPodman(sshd);
  await t.rejects(openAccess(target({ image: "reg.test/denied:1" }), { lease }), {
    code: "POD_NOT_STARTED",
    message: /Cannot pull the image of a toolbox on node-a: Error: .*unauthorized/,
  });
  const access = await openAccess(target(), { lease });
  const run = (...argv: [string, ...string[]]) => access.exec(argv, { action: "x", timeoutMs: 10_000 });
  t.equal((await run("sh", "-c", "test -x /usr/bin/tcpdump && echo yes")).stdout.toString(), "yes\n");
  for (const code of [0, 1, 2, 125, 126, 127, 137, 255]) {
    const result = await run("sh", "-c", `printf out; printf err >&2; exit ${code}`);
    t.strictSame(
      [result.exitCode, `${result.stdout.toString()}|${result.stderr.toString()}`],
      [code, "out|err"],
    );
  }
  await run("sh", "-c", "head -c 5000000 /dev/urandom >/var/tmp/hopbook-x");
  const file = join(sshd.folder, "pulled.bin");
  const pulled = await access.pull("/var/tmp/hopbook-x", file, { action: "x", timeoutMs: 10_000 });
  const [sum] = (await run("sha256sum", "/var/tmp/hopbook-x")).stdout.toString().split(" ");
  t.strictSame([pulled.bytes, pulled.sha256], [5_000_000, sum]);
  const stream = access.stream(["cat"], { action: "x" });
  stream.write("line\n");
  stream.end();
  for await (const line of stream.stdoutLines) t.equal(line, "line");
  t.match(await stream.done, { exitCode: 0, transportLost: false });
  // A killed client's: `reap` knows processes by their environment, the container's own sleep as well.
  t.match((await run("env")).stdout.toString(), /^HOPBOOK_RUN=run-1\nHOPBOOK_OWNER=[0-9a-f]{16}$/m);
  const other = await openAccess(sshd.target(), { lease: { ...lease, runId: "reap-1" } });
  const found = await listNodeLeftovers(trust(other), { workDir: "/var/tmp", runId: "reap-1" });
  t.match(
    // Beside the shells that the client keeps on the node while it lives.
    found.filter(({ runId, name }) => runId === "run-1" && !name.startsWith("sh ")),
    [{ kind: "process", name: /^sleep \d+$/, state: "live", ownerHash: /^[0-9a-f]{16}$/ }],
  );
  await other.close();
  await access.close();
  t.strictSame(access.leftovers?.(), []);
  const said = readFileSync(log, "utf8");
  t.match(said, /^run --detach --rm .*--label=app.kubernetes.io\/managed-by=hopbook .* 60$/m);
  t.match(said, /^rm --force --time 0 toolbox-hopbook-[0-9a-f]{12}$/m);
});
