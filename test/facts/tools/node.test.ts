import { spawnSync } from "node:child_process";
import t from "tap";
import { checkTools } from "../../../lib/cluster/index.js";
import { parseTools } from "../../../lib/cluster/tools/node.js";
import type { Argv, NodeAccess } from "../../../lib/model/access.js";
import { trust } from "../../fixtures/trust.js";

const SHELLS: Record<string, string[]> = {
  dash: ["dash"],
  bash: ["bash", "--posix"],
  busybox: ["busybox", "sh"],
};

for (const [name, shell] of Object.entries(SHELLS)) {
  const there = spawnSync(shell[0] ?? "", ["-c", "true"]).error === undefined;
  t.test(`the check runs under ${name}`, { skip: there ? false : `no ${name} here` }, async (t) => {
    const access = {
      node: "here",
      exec: async (argv: Argv) => {
        const ran = spawnSync(shell[0] ?? "", [...shell.slice(1), ...argv.slice(1)]);
        const times = { startedAt: new Date().toISOString(), durationMs: 1 };
        return { argv, node: "here", exitCode: ran.status, stdout: ran.stdout, stderr: ran.stderr, ...times };
      },
    } as unknown as NodeAccess;
    const tools = await checkTools(trust(access), { workDir: "/var/tmp/not-there" });
    t.ok(tools.paths.ip, "iproute2 is found");
    t.equal(tools.uid, process.getuid?.() ?? null);
    t.ok((tools.freeDiskBytes ?? 0) > 1_000_000);
    t.ok(Math.abs(tools.clockOffsetSec ?? 99) < 2, `clock offset ${String(tools.clockOffsetSec)}`);
    t.match(tools.versions.ip, /iproute2/);
  });
}

t.test("what is not there is null", (t) => {
  const tools = parseTools(
    "uid 0\nssh \nclock 12.N\npath evil /x\npath curl /usr/bin/my curl\nversion nft not found\n",
    {
      node: "n",
      sentAtMs: 1000,
      receivedAtMs: 3000,
    },
  );
  t.match(tools, {
    uid: 0,
    sshConnection: null,
    clockSec: 12,
    clockOffsetSec: 10,
    clockErrorSec: 1,
    tracefs: null,
  });
  t.equal(tools.paths.curl, "/usr/bin/my curl");
  t.equal(tools.paths.tcpdump, null);
  t.strictSame(tools.versions, {}, "a program that is not there has no version");
  t.notOk(Object.hasOwn(tools.paths, "evil"));
  t.end();
});
