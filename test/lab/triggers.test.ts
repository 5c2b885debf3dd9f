import t, { type Test } from "tap";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execInNode, execInPod } from "../../lib/lab/index.js";
import type { Findings, MarkFinding } from "../../lib/model/findings.js";
import { mostMs } from "../fixtures/patience.js";
import { Bench, folderOf } from "./bench.js";
import { startCli } from "./cli.js";

/** What is waited for while a ring runs, each made to happen for real. */

const bench = await Bench.open("triggers");
t.teardown(() => bench.close());

const EXEC = ["runtime/*", "node/read", "netns/*", "capture/*"];

/** Runs a ring at shop/client with a trigger; `happen` is done once it waits. Gives the marks that the findings have. */
async function trigger(
  t: Test,
  wait: object,
  happen: (said: (text: string) => Promise<boolean>) => Promise<void>,
): Promise<readonly MarkFinding[]> {
  const cwd = bench.makeFolder();
  const file = join(cwd, "wait.yaml");
  const points = "${{ steps.pods.outputs.pods }}";
  const freeze = { capture: "${{ steps.ring.outputs.capture }}", last: "30s" };
  writeFileSync(
    file,
    JSON.stringify({
      ...{ apiVersion: "hopbook.dev/v1", kind: "Runbook", metadata: { name: "wait", title: "Wait" } },
      permissions: {
        ...{ node: {}, exec: EXEC, traffic: ["http", "tcp-connect"] },
        capture: { duration: "5m", filterRequired: false },
      },
      steps: [
        { id: "pods", uses: "pod/locate", with: { pods: "shop/client" } },
        {
          id: "ring",
          uses: "capture/start",
          with: { points, ring: "4x1MB", freezes: 2, maxDuration: "5m" },
        },
        { id: "wait", uses: "trigger/wait", with: { every: "200ms", timeout: "4m", freeze, ...wait } },
        { id: "stop", uses: "capture/stop", with: { capture: "${{ steps.ring.outputs.capture }}" } },
      ],
    }),
  );
  const run = startCli(bench.cli, ["run", file, "--cluster", bench.lab.files.profile, "--yes"], { cwd });
  t.ok(await run.said("waits from now on"), run.stderr());
  await happen((text) => run.said(text));
  const { exitCode, stderr, stdout } = await run.done;
  // 3: the flows that were reset to make it happen.
  t.ok(exitCode === 0 || exitCode === 3, stderr);
  t.match(stdout, /^Meanwhile$/m);
  const dir = folderOf(join(cwd, "artifacts"));
  const text = readFileSync(join(dir, "findings.json"), "utf8");
  await bench.expectClean(t);
  const again = await bench.hopbook("replay", dir);
  t.match(again.stderr, /^findings: the same as those of the recorded run$/m);
  return (JSON.parse(text) as Findings).marks ?? [];
}

const inNode = async (node: string, ...argv: readonly string[]): Promise<void> => {
  const { exitCode, stderr } = await execInNode(bench.lab, node, argv);
  if (exitCode !== 0) throw new Error(stderr);
};
const freezes = (marks: readonly MarkFinding[]): readonly MarkFinding[] =>
  marks.filter(({ kind }) => kind === "freeze");

t.test("a probe that fails from a moment on", async (t) => {
  const rule = ["FORWARD", "-p", "tcp", "--dport", "8080", "-j", "REJECT", "--reject-with", "tcp-reset"];
  const probe = { from: "shop/client", to: "shop/web:8080" };
  try {
    const marks = await trigger(t, { probe }, () => inNode("node-a", "iptables", "-I", ...rule));
    const [first] = freezes(marks);
    t.match(first?.text, /the rings are kept: http from shop\/client to shop\/web:8080: connection refused/);
    t.ok((first?.tookMs ?? Infinity) < mostMs(1000), `${first?.tookMs} ms`);
  } finally {
    await inNode("node-a", "iptables", "-D", ...rule);
  }
});

t.test("a counter that grows twice, with time between", async (t) => {
  const counter = { on: "shop/web", name: "TcpOutRsts" };
  const address = await execInPod(bench.lab, "shop/web", ["hostname", "-I"]);
  const [ip = ""] = address.stdout.trim().split(" ");
  const connect = async (): Promise<void> => {
    await execInPod(bench.lab, "shop/client", ["curl", "-s", "-m", "2", `http://${ip}:9/`]);
  };
  const marks = await trigger(t, { counter, times: 2, cooldown: "1s" }, async (said) => {
    await connect();
    t.ok(await said("TcpOutRsts of shop/web grew"));
    // One that comes while it cools down is not another time: only what is seen after that is.
    const again = setInterval(() => void connect(), 300);
    await said("Stop");
    clearInterval(again);
  });
  const kept = freezes(marks);
  t.equal(kept.length, 2);
  t.ok(Date.parse(kept[1]?.at ?? "") - Date.parse(kept[0]?.at ?? "") >= 1000);
});

t.test("a command's output, and a counter of an interface", async (t) => {
  const command = { argv: ["ip", "-j", "link", "show"], on: "node/node-b", match: '"trigger0"' };
  const shown = await trigger(t, { command }, () =>
    inNode("node-b", "ip", "link", "add", "trigger0", "type", "veth", "peer", "name", "trigger1"),
  );
  t.match(freezes(shown)[0]?.text, /ip on node\/node-b: exit code 0/);
  await inNode("node-b", "ip", "link", "del", "trigger0");
  const counter = { on: "shop/client", name: "txPackets", interface: "eth0", by: 4 };
  const marks = await trigger(t, { counter }, async () => {
    await execInPod(bench.lab, "shop/client", ["ping", "-c", "4", "-i", "0.1", "10.77.0.12"]);
  });
  t.match(freezes(marks)[0]?.text, /eth0\.txPackets of shop\/client grew from/);
});
