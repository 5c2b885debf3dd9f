import t from "tap";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downLab, execInNode, setFault, upLab, type LabState } from "../../lib/lab/index.js";
import { runRunbook } from "../../lib/run/run.js";

/** A node whose resolver is a black hole and whose name is nowhere: nothing that a run starts may wait for it. */

const out = mkdtempSync(join(tmpdir(), "hopbook-dead-dns-"));
const labs = ["alive", "dead"].map((kind) => `${kind}-${process.pid}`);
const FAULTS = [null, "closed-port", "forward-drop-b"] as const;
/** No run may be longer by more than this. */
const SLOWER_MS = 1000;
const MOST_AGAIN = 3;

t.teardown(async () => {
  for (const name of labs) await downLab({ name });
  rmSync(out, { recursive: true, force: true });
});

t.test("the same verdicts, at most a second later, by namespaces and by ssh", async (t) => {
  const [alive, dead] = await Promise.all(
    labs.map((name, index) => upLab({ name, topology: "calico-vxlan", deadDns: index === 1 })),
  );
  if (alive === undefined || dead === undefined) throw new Error("there are two labs");
  const asked = await execInNode(dead, "node-a", ["timeout", "1", "getent", "hosts", "node-a"]);
  t.equal(asked.exitCode, 124, "the resolver says nothing at all");
  for (const file of ["profile", "sshProfile"] as const) {
    for (const fault of FAULTS) {
      // Side by side, so that a busy machine is as busy for the one as for the other.
      const both = (): Promise<[Traced, Traced]> =>
        Promise.all([trace(alive, alive.files[file], fault), trace(dead, dead.files[file], fault)]);
      let [one, other] = await both();
      t.strictSame(other.verdicts, one.verdicts, `${file}, ${fault ?? "healthy"}`);
      let laterMs = other.tookMs - one.tookMs;
      // Whoever waits for the resolver does so each time; a busy machine is late by chance.
      for (let again = 0; again < MOST_AGAIN && laterMs >= SLOWER_MS; again++) {
        [one, other] = await both();
        laterMs = other.tookMs - one.tookMs;
      }
      t.ok(laterMs < SLOWER_MS, `${file}, ${fault ?? "healthy"}: ${Math.round(laterMs)} ms later`);
    }
  }
});

interface Traced {
  readonly verdicts: unknown;
  readonly tookMs: number;
}

async function trace(lab: LabState, cluster: string, fault: string | null): Promise<Traced> {
  const { name } = lab;
  if (fault !== null) await setFault({ name, fault, on: true });
  const startedMs = performance.now();
  const { findings } = await runRunbook({
    runbook: "trace-path",
    inputs: { from: "shop/client", to: ["shop/web:8080"], probe: ["tcp-connect", "http", "ping"] },
    cluster,
    cwd: out,
    out,
    grants: { yes: true },
    signal: new AbortController().signal,
    onEvent: () => undefined,
  });
  const tookMs = performance.now() - startedMs;
  if (fault !== null) await setFault({ name, fault, on: false });
  const flows = findings.flows.map(({ probe, verdict }) => [
    probe,
    verdict.status,
    verdict.firstMissing?.role ?? null,
    verdict.cause?.code ?? null,
  ]);
  return { verdicts: { flows, incomplete: findings.run.incomplete }, tookMs };
}
