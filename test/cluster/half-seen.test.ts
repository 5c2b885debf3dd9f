import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { runRunbook } from "../../lib/run/run.js";
import { mostMs } from "../fixtures/patience.js";
import { TOOLS_IMAGE } from "./names.js";
import { onNode, useCluster, whyNoCluster } from "./use.js";

/** The API can execute nothing on one of the nodes: the verdict of the other one, in time, and never an error. */

const skip = whyNoCluster() ?? false;
const WITHIN_MS = 15_000;

t.test("exec is refused on the far node", { skip, timeout: mostMs(120_000) }, async (t) => {
  const cluster = await useCluster((text) => t.comment(text));
  t.teardown(cluster.release);
  const { own } = cluster;
  if (own === null)
    return t.comment("nobody puts rules on the nodes of a cluster that is not the tests' own");
  const [near, far] = cluster.nodes;
  const { kubeconfig } = own.files;
  const rule = ["INPUT", "-p", "tcp", "--dport", "10250", "-j", "REJECT", "--reject-with", "tcp-reset"];
  const iptables = async (action: string): Promise<void> => {
    const { exitCode, stderr } = await onNode(own, far, { argv: ["iptables", "-w", "5", action, ...rule] });
    if (exitCode !== 0) throw new Error(stderr);
  };
  await iptables("-I");
  t.teardown(() => iptables("-D"));
  const dir = mkdtempSync(join(tmpdir(), "hopbook-half-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const startedAt = performance.now();
  const { findings } = await runRunbook({
    ...{ runbook: "trace-path", inputs: { from: "client", to: ["svc/web:80"], count: "2" } },
    ...{ kube: { kubeconfig, image: TOOLS_IMAGE, namespace: "shop", via: "debugPod" }, cwd: dir },
    ...{ out: join(dir, "out"), grants: { yes: true }, signal: AbortSignal.timeout(mostMs(100_000)) },
    onEvent: () => undefined,
  });
  const tookMs = Math.round(performance.now() - startedAt);
  t.ok(tookMs < mostMs(WITHIN_MS), `${tookMs} ms`);
  const [flow] = findings.flows;
  t.strictSame([...new Set(flow?.hops.map(({ node }) => node))], [near]);
  t.match(flow?.unentered, [{ end: "to", node: far, pod: null, why: /pods\/exec/ }]);
  t.equal(flow?.verdict.status, "delivered", "it was answered");
  t.equal(findings.run.complete, false);
});
