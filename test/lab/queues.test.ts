import t from "tap";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downLab, execInNode, execInPod, upLab } from "../../lib/lab/index.js";
import type { Verdict } from "../../lib/model/findings.js";
import { runRunbook } from "../../lib/run/run.js";
import { untilInShell } from "../fixtures/patience.js";

/** What real queues throw away: a device's on the way, and a server's own. */

const name = `queues-${String(process.pid)}`;
const lab = await upLab({ name, topology: "calico-vxlan" });
const out = mkdtempSync(join(tmpdir(), "hopbook-queues-"));
t.teardown(async () => {
  await downLab({ name });
  rmSync(out, { recursive: true });
});

async function trace(to: string, inputs: Readonly<Record<string, string>>): Promise<Verdict | undefined> {
  const { findings } = await runRunbook({
    ...{ runbook: "trace-path", inputs: { from: "shop/client", to: [to], ...inputs } },
    ...{ cluster: lab.files.profile, cwd: out, out, grants: { yes: true } },
    ...{ signal: new AbortController().signal, onEvent: () => undefined },
  });
  return findings.flows[0]?.verdict;
}

async function onFarNode(...argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await execInNode(lab, "node-b", argv);
  t.equal(exitCode, 0, `${argv.join(" ")}: ${stderr}`);
}

t.test("a limit of a pod's bandwidth, whose burst takes small packets alone", async (t) => {
  const device = lab.nodes[1]?.pods.find((pod) => pod.name === "web")?.hostInterface ?? "";
  await onFarNode(
    ...["tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", "1mbit", "burst", "92", "limit", "920"],
  );
  t.teardown(() => onFarNode("tc", "qdisc", "del", "dev", device, "root"));
  // The kernel's drop events would say so too: the counters have to do alone.
  const verdict = await trace("shop/web:8080", { probe: "ping", kernelDrops: "false" });
  t.match(verdict, {
    status: "lost",
    direction: "request",
    lastSeen: { node: "node-b", role: "tunnel" },
    firstMissing: { node: "node-b", interface: device },
    cause: { code: "queue-drop", summary: `node-b: the queue (tbf) of ${device} threw the packets away` },
  });
});

t.test("a server that has stopped to accept connections", async (t) => {
  const server = `require("node:net").createServer(() => {}).listen({ port: 8099, backlog: 1 })`;
  const filled = `
    setsid node -e "$1" </dev/null >/dev/null 2>&1 & server=$!
    ${untilInShell("ss -Hltn | grep -q ':8099 '")}
    kill -STOP "$server"
    for each in 1 2 3; do setsid nc -d 127.0.0.1 8099 </dev/null >/dev/null 2>&1 & done
    ${untilInShell(`ss -Hltn | awk '$4 ~ /:8099$/ && $2 > $3 { full = 1 } END { exit !full }'`)}`;
  const started = await execInPod(lab, "shop/web", ["sh", "-c", filled, "fill", server]);
  t.equal(started.exitCode, 0, started.stderr);
  const verdict = await trace("shop/web:8099", { probe: "tcp-connect" });
  t.match(verdict, { status: "unanswered", cause: { code: "accept-queue-full" } });
});
