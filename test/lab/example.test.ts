import t from "tap";
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { HopbookError } from "../../lib/errors.js";
import { downLab, setFault, upLab } from "../../lib/lab/index.js";
import { requireNamespaces } from "../../lib/lab/programs.js";
import { buildCli } from "./cli.js";

const EXAMPLE = join(import.meta.dirname, "../../docs/examples/trace.js");
const refusal =
  process.getuid?.() !== 0
    ? "needs root"
    : await requireNamespaces(false).then(
        () => false as const,
        (error: HopbookError) => error.message,
      );

t.test(
  "the library's example plans, runs with events and prints the verdict",
  { skip: refusal },
  async (t) => {
    const dir = mkdtempSync(join(tmpdir(), "hopbook-example-"));
    const lab = { name: "example", dir: join(dir, "labs") };
    const built = buildCli();
    t.teardown(async () => {
      await downLab(lab);
      built.remove();
      rmSync(dir, { recursive: true, force: true });
    });
    const state = await upLab({ ...lab, topology: "calico-vxlan" });
    const file = join(dirname(built.bin), "trace.js");
    cpSync(EXAMPLE, file);
    const run = (): Promise<{ code: number | null; out: string; err: string }> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [file, "shop/client", "shop/web:8080", state.files.profile], {
          ...{ cwd: dir, timeout: 240_000 },
        });
        let [out, err] = ["", ""];
        child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
        child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
        child.once("close", (code) => resolve({ code, out, err }));
      });
    const healthy = await run();
    t.equal(healthy.code, 0, healthy.err);
    t.match(healthy.out, /: delivered/);
    t.match(healthy.err, /^\d+ commands, digest (sha256:)?[0-9a-f]{64}$/m);
    t.match(healthy.err, /^capture: done \(\d/m);
    t.ok(existsSync(resolve(dir, /evidence: (.+)/.exec(healthy.out)?.[1] ?? "", "findings.json")));
    await setFault({ ...lab, fault: "fdb-missing", on: true });
    const broken = await run();
    t.equal(broken.code, 3, broken.err);
    t.match(broken.out, /: lost, last seen at node-a vxlan\.calico: /);
  },
);
