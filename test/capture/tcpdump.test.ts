import { spawn } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { planCaptures } from "../../lib/capture/plan.js";
import { makeFlow } from "../steps/samples.js";

const SPY = `#!/bin/sh
[ "\${0##*/}" = nsenter ] && { enter=$1; shift 2; }
for word; do last=$word; done
for file; do case $file in *.pcap) break ;; esac; done
{ printf '%s\\0' \${enter:+nsenter "$enter"} tcpdump "$@"; } >"$SPIED/\${file##*/}"
echo 'listening on it' >&2
`;

t.test("what the agent runs is what the plan says, word for word", async (t) => {
  const programs = { tcpdump: t.fixture("file", SPY), nsenter: t.fixture("file", SPY) };
  const root = t.testdir({ programs, spied: {}, work: {} });
  const flow = makeFlow();
  const ownNetns = { kind: "path", path: "/proc/self/ns/net" } as const;
  const hops = flow.path.hops.map((hop) => (hop.netns.kind === "path" ? { ...hop, netns: ownNetns } : hop));
  const bridge = { ...hops[1]!, id: "node-a.bridge.br0", role: "bridge", interface: "br0" } as const;
  const [plan] = planCaptures([{ ...flow, path: { ...flow.path, hops: [...hops, bridge] } }], {
    ...{ runId: "0123456789ab", workDir: join(root, "work"), maxSeconds: 60, maxBytes: 1024 },
    ...{ minFreeBytes: 1024, bufferKiB: 512, sshConnections: {} },
  });
  if (plan === undefined) throw new Error("nothing is planned");
  for (const name of Object.keys(programs)) chmodSync(join(root, "programs", name), 0o755);
  const env = { PATH: `${join(root, "programs")}:${process.env["PATH"]}`, SPIED: join(root, "spied") };
  const agent = spawn(plan.argv[0], plan.argv.slice(1), { env });
  let said = "";
  for await (const text of agent.stdout.setEncoding("utf8")) {
    said += String(text);
    if ((said.match(/^(ended|failed) .*\n/gm) ?? []).length === plan.hops.length) agent.stdin.end();
  }
  t.ok(plan.hops.length >= 5);
  for (const { hop, argv } of plan.hops) {
    const words = readFileSync(join(root, "spied", `${hop.id}.pcap`), "utf8")
      .split("\0")
      .slice(0, -1);
    t.strictSame(words, argv, hop.id);
  }
});
