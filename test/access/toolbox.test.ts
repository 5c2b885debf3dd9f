import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { openAccess } from "../../lib/access/registry.js";
import {
  buildRun,
  buildToolboxSpec,
  readPodmanFailure,
  readToolboxRc,
} from "../../lib/access/toolbox-argv.js";
import type { NodeTarget, ToolboxAccessConfig } from "../../lib/model/access.js";
import { startSshd } from "./sshd.js";

/**
 * CoreOS's toolbox over a real sshd. There is no CoreOS here: podman is a script that makes a mount namespace its
 * container, so what this shows are hopbook's command lines and what it makes of their ends, not podman's own behaviour.
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
  t.match(buildToolboxSpec({ ...CONFIG, image: "reg.test:4443/tools@sha256:0f" }, rc, "x"), {
    image: "reg.test:4443/tools@sha256:0f",
  });
  t.match(buildToolboxSpec({ ...CONFIG, image: "reg.test/t", registry: "mirror.test" }, rc, "x"), {
    image: "mirror.test/reg.test/t",
  });
  for (const bad of [{ registry: "-v" }, { authFile: "auth.json" }, { toolboxName: "--all" }]) {
    t.throws(() => buildToolboxSpec({ ...CONFIG, ...bad }, {}, "x"), { code: "INPUT_INVALID" });
  }
  const argv = buildRun(buildToolboxSpec(CONFIG, {}, "ab"), { seconds: 60, labels: { a: "b" } });
  t.notMatch(argv.join(" "), /--tty|-t /, "a terminal would merge stdout and stderr");
  t.match(argv.join(" "), /--rm .*--label=a=b .*--pid=host .*support-tools 60$/);
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

const PODMAN = `#!/bin/sh
folder=FOLDER
printf '%s\\n' "$*" >>$folder/podman.log
case "$1 $2" in 'image exists') [ -f $folder/pulled ]; exit ;; esac
for last; do :; done
case $1 in
pull)
  case $last in *denied*) echo 'Trying to pull' >&2; echo 'Error: initializing source docker://x: unauthorized' >&2; exit 125 ;; esac
  : >$folder/pulled ;;
run)
  unshare -m sh -c 'umount /usr/bin/tcpdump; mount -t tmpfs run /run; mount -t tmpfs tmp /var/tmp; exec sleep "$1"' run "$last" >/dev/null 2>&1 &
  echo $! >$folder/pid ;;
inspect) cat $folder/pid ;;
exec)
  [ -f $folder/pid ] || { echo "Error: no container with name or ID \\"$3\\" found: no such container" >&2; exit 125; }
  shift 3
  exec nsenter -t "$(cat $folder/pid)" -m -- "$@" ;;
rm) kill "$(cat $folder/pid)"; rm $folder/pid ;;
esac
`;

t.test("tools of the toolbox, the node's own runtime, and nothing left", async (t) => {
  const sshd = await startSshd();
  t.teardown(() => sshd.stop());
  const { access: login } = sshd.target();
  const target = (changes: Partial<ToolboxAccessConfig> = {}): NodeTarget => ({
    ...sshd.target(),
    access: { ...login, image: "reg.test/tools:1", ...changes, via: "toolbox" },
  });
  const lease = { runId: "run-1", owner: "jo@test", durationMs: 60_000 };
  await t.rejects(openAccess(target(), { lease }), { code: "TOOL_MISSING", message: /podman: not found/ });
  const log = join(sshd.folder, "podman.log");
  writeFileSync(join(sshd.folder, "bin/podman"), PODMAN.replace("FOLDER", sshd.folder), { mode: 0o755 });
  // As on CoreOS: the node has no tcpdump, and a runtime's client that the image has not.
  const ssh = await openAccess(sshd.target());
  await ssh.exec(["mount", "--bind", "/dev/null", "/usr/bin/tcpdump"], { action: "x", timeoutMs: 5_000 });
  await ssh.close();
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
  await access.close();
  t.strictSame(access.leftovers?.(), []);
  const said = readFileSync(log, "utf8");
  t.match(said, /^run --detach --rm .*--label=app.kubernetes.io\/managed-by=hopbook .* 60$/m);
  t.match(said, /^rm --force --time 0 toolbox-hopbook-[0-9a-f]{12}$/m);
});
