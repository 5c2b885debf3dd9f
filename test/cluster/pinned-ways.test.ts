import t from "tap";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runRunbook } from "../../lib/run/run.js";
import type { Via } from "../../lib/model/access.js";
import { readEntered } from "../../lib/verdict/access-evidence.js";
import { useCluster, whyNoCluster } from "./use.js";

/** Every way in that leads through the API, asked for by a profile and by --via, on whole runs. */

const why = whyNoCluster();
if (why !== null) {
  t.fail(why);
  process.exit(1);
}
const cluster = await useCluster((text) => t.comment(text));
const { own } = cluster;
const kubeconfig = own?.files.kubeconfig ?? process.env["HOPBOOK_TEST_KUBECONFIG"] ?? "";
const out = mkdtempSync(join(tmpdir(), "hopbook-pinned-"));
const image = process.env["HOPBOOK_TEST_CLIENT_IMAGE"] ?? "registry.test/tools:1";
t.teardown(async () => {
  rmSync(out, { recursive: true, force: true });
  await cluster.release();
});

const WAYS: readonly Via[] = ["debugPod", "kubectlDebug", "ephemeral"];

async function trace(named: {
  readonly profile?: string;
  readonly via?: Via;
}): Promise<Awaited<ReturnType<typeof runRunbook>>> {
  const { profile, via } = named;
  return runRunbook({
    runbook: "trace-path",
    inputs: { from: "shop/client", to: ["shop/web:8080"] },
    ...(profile === undefined ? { kube: { kubeconfig, image, via } } : { cluster: profile }),
    cwd: out,
    out,
    grants: { yes: true },
    signal: new AbortController().signal,
    onEvent: () => undefined,
  });
}

for (const via of WAYS) {
  t.test(`${via}, asked for`, async (t) => {
    const profile = join(out, `${via}.yaml`);
    const program = via === "kubectlDebug" && own !== null ? `, kubectl: ${own.kubectl}` : "";
    writeFileSync(
      profile,
      `apiVersion: hopbook.dev/v1\nkind: ClusterProfile\nmetadata: {name: pinned}\nkube: {kubeconfig: ${kubeconfig}}\n` +
        `images: {tools: "${image}"}\naccess: {via: ${via}${program}}\n`,
    );
    const path = process.env["PATH"] ?? "";
    if (own !== null) process.env["PATH"] = `${join(own.kubectl, "..")}:${path}`;
    try {
      for (const named of [{ profile }, { via }]) {
        const { dir, findings, outcome, exitCode } = await trace(named);
        t.equal(outcome.error, null);
        t.strictSame(
          findings.flows.map(({ verdict }) => verdict.status),
          ["delivered"],
        );
        t.equal(exitCode, 0);
        const entered = readEntered(dir);
        t.ok(entered.length === 2 && entered.every((each) => each.via === via), JSON.stringify(entered));
      }
    } finally {
      process.env["PATH"] = path;
    }
  });
}
