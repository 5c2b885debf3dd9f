import t from "tap";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downLab, execInNode, upLab } from "../../lib/lab/index.js";
import { runRunbook } from "../../lib/run/run.js";

/** What nodes suffer from beside the fault that is looked for: as POSIX sh, run as root on every node. */
const HURTS: Readonly<Record<string, string>> = {
  "/tmp is full": "mount -t tmpfs -o size=8k,mode=1777 tmpfs /tmp; cat /dev/zero >/tmp/full 2>/dev/null || :",
  "the root file system is read-only": "mount --bind / /mnt && mount -o remount,bind,ro /",
  "no /dev/fd and no /dev/shm": `
    set -e
    mkdir /run/devices
    mount -t tmpfs -o mode=755 tmpfs /run/devices
    for name in null zero full random urandom tty; do
      : >/run/devices/$name
      mount --bind /dev/$name /run/devices/$name
    done
    mount --move /run/devices /dev`,
  "a login that has no PATH, a locale that is missing, and a file that would hang each bash":
    "printf '%s\\n' 'export PATH= LC_ALL=xx_XX.UTF-8 LANG=xx_XX.UTF-8 BASH_ENV=/root/hang' >/root/.bashrc; echo 'sleep 60' >/root/hang",
};

const out = mkdtempSync(join(tmpdir(), "hopbook-hurt-"));
const name = `hurt-${process.pid}`;

t.teardown(async () => {
  await downLab({ name });
  rmSync(out, { recursive: true, force: true });
});

for (const [hurt, script] of Object.entries(HURTS)) {
  t.test(hurt, async (t) => {
    const lab = await upLab({ name, topology: "calico-vxlan" });
    t.teardown(() => downLab({ name }));
    for (const node of lab.nodes) {
      const set = await execInNode(lab, node.name, ["sh", "-c", script]);
      t.equal(set.exitCode, 0, set.stderr);
    }
    for (const cluster of [lab.files.profile, lab.files.sshProfile]) {
      const { findings, exitCode, outcome } = await runRunbook({
        runbook: "trace-path",
        inputs: {
          from: "shop/client",
          to: ["shop/web:8080"],
          probe: ["tcp-connect", "http", "ping", "dns-udp"],
        },
        cluster,
        cwd: out,
        out,
        grants: { yes: true },
        signal: new AbortController().signal,
        onEvent: () => undefined,
      });
      t.equal(outcome.error, null, cluster);
      t.strictSame(findings.run.incomplete, [], cluster);
      const status = findings.flows.map(({ probe, verdict }) => `${probe}: ${verdict.status}`).sort();
      t.strictSame(status, [
        "dns-udp: rejected",
        "http: delivered",
        "ping: delivered",
        "tcp-connect: delivered",
      ]);
      t.equal(exitCode, 3);
    }
  });
}
