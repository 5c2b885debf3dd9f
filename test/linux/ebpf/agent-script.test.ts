import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { AGENT_POLICY_NAME, AGENT_POLICY_SCRIPT } from "../../../lib/linux/ebpf/agent-script.js";
import { canEnterMounts } from "../../fixtures/mounts.js";
import { parseAgentPolicy } from "../../../lib/linux/ebpf/identity-policy.js";

/** A stand-in for the agent's program: it knows two endpoints, and writes down what it was asked. */
const STAND_IN = `#!/bin/sh
echo "$*" >>"$(dirname "$0")/asked"
case "$*" in
  version) echo 1.99 ;;
  "endpoint get ipv4:10.1.1.7") printf '[\\n  {\\n    "id": 77,\\n    "status": {"identity": {"id": 2001}}\\n  }\\n]\\n' ;;
  "endpoint get ipv6:fd00::8") printf '[\\n  {\\n    "id": 78\\n  }\\n]\\n' ;;
  "bpf policy get 77 -n") printf 'POLICY DIRECTION IDENTITY PORT/PROTO\\nAllow Ingress 1 ANY\\n' ;;
  *) exit 1 ;;
esac
`;

t.test(
  "the agent is found by its process, asked in its own files, and only read",
  { skip: canEnterMounts() ? false : "may not enter a mount namespace" },
  async (t) => {
    const dir = t.testdir({});
    const [agent, program] = [join(dir, "cilium-agent"), join(dir, "cilium-dbg")];
    copyFileSync("/bin/sleep", agent);
    chmodSync(agent, 0o755);
    writeFileSync(program, STAND_IN, { mode: 0o755 });
    const held = spawn(agent, ["60"], { stdio: "ignore" });
    t.teardown(async () => {
      held.kill();
      await once(held, "close");
    });
    await once(held, "spawn");
    const text = execFileSync(
      "sh",
      ["-c", AGENT_POLICY_SCRIPT, AGENT_POLICY_NAME, "10.1.1.7", "10.9.9.9", "fd00::8"],
      {
        encoding: "utf8",
        env: { PATH: `${dir}:${process.env["PATH"] ?? ""}` },
      },
    );
    t.match(parseAgentPolicy(text), [
      { id: 77, ip: "10.1.1.7", identity: 2001, policy: [{ identity: 1, port: "ANY" }] },
      { id: 78, ip: "fd00::8", policy: null },
    ]);
    const asked = execFileSync("cat", [join(dir, "asked")], { encoding: "utf8" })
      .trim()
      .split("\n");
    t.ok(
      asked.every((line) => /^(version|endpoint get ipv[46]:\S+|bpf policy get \d+ -n)$/.test(line)),
      asked.join("; "),
    );
  },
);
