import t, { type Test } from "tap";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { replayRun } from "../../lib/replay/replay.js";
import { HopbookError } from "../../lib/errors.js";
import { mostMs } from "../fixtures/patience.js";

/** A run folder from anybody: whatever is wrong with it, a replay says so soon, and writes and reads nothing else. */

const EXAMPLE = fileURLToPath(new URL("../../docs/example-runs/healthy", import.meta.url));
const INDEX = "recording/index.jsonl";

function copy(t: Test): string {
  const dir = join(t.testdir({}), "run");
  cpSync(EXAMPLE, dir, { recursive: true });
  return dir;
}

function firstOf(dir: string, folder: string): string {
  const names = readdirSync(join(dir, folder), { recursive: true, encoding: "utf8" }).sort();
  return join(folder, names.find((name) => !name.endsWith("node-a") && !name.endsWith("node-b")) ?? "");
}

const lines = (dir: string): string[] => readFileSync(join(dir, INDEX), "utf8").trimEnd().split("\n");
const write = (dir: string, all: readonly string[]): void =>
  writeFileSync(join(dir, INDEX), `${all.join("\n")}\n`);

function change(dir: string, type: string, edit: (entry: Record<string, unknown>) => unknown): void {
  const all = lines(dir);
  const at = all.findIndex((line) => (JSON.parse(line) as { type: string }).type === type);
  all[at] = JSON.stringify(edit(JSON.parse(all[at] ?? "") as Record<string, unknown>));
  write(dir, all);
}

const fifo = (file: string): void => {
  rmSync(file);
  spawnSync("mkfifo", [file]);
};
const linkOut = (file: string): void => {
  rmSync(file);
  symlinkSync("/etc/passwd", file);
};

const HOSTILE: Readonly<Record<string, (dir: string) => void>> = {
  "no recording": (dir) => rmSync(join(dir, "recording"), { recursive: true }),
  "the index is a pipe": (dir) => fifo(join(dir, INDEX)),
  "the index leads out": (dir) => linkOut(join(dir, INDEX)),
  "the recording leads out": (dir) => {
    renameSync(join(dir, "recording"), `${dir}-elsewhere`);
    symlinkSync(`${dir}-elsewhere`, join(dir, "recording"));
  },
  "the index is a folder": (dir) => {
    rmSync(join(dir, INDEX));
    mkdirSync(join(dir, INDEX));
  },
  "the index is huge": (dir) => truncateSync(join(dir, INDEX), 3_000_000_000),
  "the index is no JSON": (dir) => writeFileSync(join(dir, INDEX), "{{{{\n"),
  "an empty index": (dir) => writeFileSync(join(dir, INDEX), ""),
  "a node whose name leads out of the folder": (dir) =>
    change(dir, "recording", (header) => {
      const cluster = header["cluster"] as { readonly nodes: readonly object[] };
      const nodes = cluster.nodes.map((node) => ({ ...node, name: `a${"/..".repeat(3)}/x` }));
      return { ...header, cluster: { ...cluster, nodes } };
    }),
  "another version": (dir) => change(dir, "recording", (header) => ({ ...header, version: 2 })),
  "a run id that is a path": (dir) =>
    change(dir, "recording", (header) => ({
      ...header,
      run: { ...(header["run"] as object), id: "../../x" },
    })),
  "a time that is none": (dir) =>
    change(dir, "recording", (header) => ({
      ...header,
      run: { ...(header["run"] as object), startedAt: "2026-99-99T00:00:00Z" },
    })),
  "an entry of no kind": (dir) => write(dir, [...lines(dir), '{"type":"__proto__"}']),
  "a command that is no list": (dir) => change(dir, "exec", (entry) => ({ ...entry, argv: "rm -rf /" })),
  "a blob's name is a path": (dir) =>
    change(dir, "exec", (entry) => ({ ...entry, stdout: { sha256: "../../../etc/passwd", bytes: 1 } })),
  "a blob that is not there": (dir) =>
    change(dir, "exec", (entry) => ({ ...entry, stdout: { sha256: "0".repeat(64), bytes: 1 } })),
  "a stream's lines are not": (dir) =>
    change(dir, "stream", (entry) => ({ ...entry, turns: { text: '{"seq":-1}' } })),
  "a blob is a pipe": (dir) => {
    for (const name of readdirSync(join(dir, "recording/blobs"))) fifo(join(dir, "recording/blobs", name));
  },
  "a blob was changed": (dir) => {
    for (const name of readdirSync(join(dir, "recording/blobs"))) {
      const file = join(dir, "recording/blobs", name);
      const bytes = readFileSync(file);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      writeFileSync(file, bytes);
    }
  },
  "a capture was changed": (dir) => {
    const file = join(dir, firstOf(dir, "captures"));
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(file, bytes);
  },
  "a capture is a pipe": (dir) => fifo(join(dir, firstOf(dir, "captures"))),
  "a capture leads out": (dir) => linkOut(join(dir, firstOf(dir, "captures"))),
  "a capture is elsewhere": (dir) =>
    change(dir, "pull", (entry) => ({ ...entry, file: "../../../../etc/passwd" })),
  "the runbook is a pipe": (dir) => fifo(join(dir, "runbook.yaml")),
  "the runbook leads out": (dir) => linkOut(join(dir, "runbook.yaml")),
  "the inputs are a list": (dir) => writeFileSync(join(dir, "inputs.json"), "[]"),
  "the inputs are a pipe": (dir) => fifo(join(dir, "inputs.json")),
};

for (const [name, attack] of Object.entries(HOSTILE)) {
  t.test(name, async (t) => {
    const dir = copy(t);
    attack(dir);
    const before = readdirSync(dir, { recursive: true, encoding: "utf8" }).sort();
    const startedMs = performance.now();
    const error = await replayRun({
      ...{ dir, cwd: dir, signal: new AbortController().signal, onEvent: () => undefined },
    }).catch((thrown: unknown) => thrown);
    t.ok(error instanceof HopbookError, String(error));
    t.equal((error as HopbookError).code, "EVIDENCE_INVALID", String(error));
    t.ok(performance.now() - startedMs < mostMs(5000), "soon");
    t.strictSame(
      readdirSync(dir, { recursive: true, encoding: "utf8" }).sort(),
      before,
      "nothing is written",
    );
  });
}
