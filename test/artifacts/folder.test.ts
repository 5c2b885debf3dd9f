import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import type { HopbookError } from "../../lib/errors.js";
import { createRunFolder, verifyManifest } from "../../lib/artifacts/index.js";
import type { Manifest, RunFolder } from "../../lib/artifacts/index.js";

const NOW = new Date("2026-11-20T21:44:54.321Z");
const NAME = "2026-11-20T21-44-54Z-trace-path-shop-client";

function create(out: string, more: { target?: string; minFreeBytes?: number } = {}): Promise<RunFolder> {
  return createRunFolder({
    out,
    runbook: "trace-path",
    target: "shop/client",
    now: NOW,
    id: "run-1",
    ...more,
  });
}

async function catchError(promise: Promise<unknown>): Promise<HopbookError> {
  try {
    await promise;
  } catch (error) {
    return error as HopbookError;
  }
  throw new Error("nothing was thrown");
}

const readManifestOf = (dir: string): Manifest =>
  JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8")) as Manifest;
const modeOf = (path: string): number => statSync(path).mode & 0o777;

t.test("the name, the modes, a second run in the same second", async (t) => {
  const out = join(t.testdir(), "deep", "artifacts");
  const first = await create(out);
  t.equal(first.dir, join(out, NAME));
  t.equal(first.id, "run-1");
  t.equal(modeOf(first.dir), 0o700);
  t.strictSame(readdirSync(first.dir), [], "the probe is gone");
  t.equal((await create(out)).dir, join(out, `${NAME}-2`));
  t.equal((await create(out)).dir, join(out, `${NAME}-3`));
  await first.writeJson("findings.json", { a: 1 });
  await first.writeText("evidence/node-a/links.json", "[]");
  t.equal(modeOf(join(first.dir, "findings.json")), 0o600);
  t.equal(modeOf(join(first.dir, "evidence")), 0o700);
  t.equal(modeOf(join(first.dir, "evidence/node-a/links.json")), 0o600);
  t.equal(readFileSync(join(first.dir, "findings.json"), "utf8"), '{\n  "a": 1\n}\n');
});

t.test("a hostile target stays one path component", async (t) => {
  const out = t.testdir();
  const folder = await create(out, { target: "../../etc/\u001b[31mx\n$(id)" });
  t.equal(folder.dir, join(out, "2026-11-20T21-44-54Z-trace-path-etc-31mx-id"));
  const long = await create(out, { target: "p".repeat(400) });
  t.ok(long.dir.length - out.length < 150);
});

t.test("what cannot be written is refused at once", async (t) => {
  const dir = t.testdir({ file: "x" });
  const onFile = await catchError(create(join(dir, "file")));
  t.match(onFile, { code: "ARTIFACTS_UNWRITABLE", message: /it is not a folder/, exitCode: 2 });
  t.match(await catchError(create(join(dir, "file", "below"))), { code: "ARTIFACTS_UNWRITABLE" });
  t.match(await catchError(create("/proc/hopbook-test")), { code: "ARTIFACTS_UNWRITABLE", where: {} });
  const full = await catchError(create(dir, { minFreeBytes: Number.MAX_SAFE_INTEGER }));
  t.match(full, { code: "ARTIFACTS_UNWRITABLE", message: /are needed/, hint: /Free some disk/ });
  t.strictSame(readdirSync(dir), ["file"], "nothing is left");
});

t.test(
  "a folder without write permission",
  { skip: process.getuid?.() === 0 && "runs as root" },
  async (t) => {
    const dir = t.testdir({});
    chmodSync(dir, 0o500);
    t.match(await catchError(create(dir)), { code: "ARTIFACTS_UNWRITABLE", message: /permission denied/ });
  },
);

t.test("a disk that is full, before and during the run", { skip: !canMount() }, async (t) => {
  const disk = mkdtempSync(join(tmpdir(), "hopbook-artifacts-test-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "hopbook-art-test", disk]);
  t.teardown(() => {
    execFileSync("umount", [disk]);
    rmdirSync(disk);
  });
  const folder = await create(disk);
  writeFileSync(join(disk, "ballast"), Buffer.alloc(3 * 1024 * 1024));
  const large = { text: "x".repeat(3 * 1024 * 1024) };
  const error = await catchError(folder.writeJson("findings.json", large));
  t.match(error, {
    code: "ARTIFACTS_UNWRITABLE",
    message: /no space is left|bytes of disk are free/,
    hint: /Free some disk/,
  });
  t.strictSame(readdirSync(folder.dir), [], "no half-written file");

  t.match(await catchError(create(disk, { minFreeBytes: 2 * 1024 * 1024 })), {
    code: "ARTIFACTS_UNWRITABLE",
    message: /bytes of disk are free/,
  });

  execFileSync("sh", ["-c", 'cat /dev/zero > "$1" 2>/dev/null || :', "fill", join(disk, "ballast2")]);
  const padding = "y".repeat(3000);
  for (let index = 0; index < 20; index += 1)
    folder.appendTranscript({ type: "event", at: NOW.toISOString(), name: `e${index}`, data: { padding } });
  t.match(await catchError(folder.finish()), { code: "ARTIFACTS_UNWRITABLE" }, "said at the end");
  execFileSync("rm", [join(disk, "ballast2")]);
  await folder.finish();
  const lines = readFileSync(join(folder.dir, "transcript.jsonl"), "utf8").trimEnd().split("\n");
  t.strictSame(
    lines.map((line) => (JSON.parse(line) as { name: string }).name),
    Array.from({ length: 20 }, (_, index) => `e${index}`),
    "no line lost or torn once there is room again",
  );
});

function canMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), "hopbook-artifacts-test-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "hopbook-art-test", dir], { stdio: "ignore" });
    execFileSync("umount", [dir], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(dir);
  }
}

t.test("paths that leave the folder are refused", async (t) => {
  const outside = t.testdir({ out: {}, secret: "s" });
  const folder = await create(join(outside, "out"));
  symlinkSync(outside, join(folder.dir, "link"));
  mkdirSync(join(folder.dir, "real"));
  symlinkSync(join(outside, "secret"), join(folder.dir, "real", "leaf"));
  for (const rel of ["", "..", "../x", "a/../../x", "/etc/passwd", "a//b", "./a", "a\\b", "a\u0000b", "a\nb"])
    t.throws(() => folder.path(rel), { code: "ARTIFACTS_UNWRITABLE" }, JSON.stringify(rel));
  t.throws(() => folder.path("link/secret"), { message: /symbolic link/ });
  t.throws(() => folder.path("real/leaf"), { message: /symbolic link/ });
  await t.rejects(folder.writeText("real/leaf", "overwritten"), { code: "ARTIFACTS_UNWRITABLE" });
  t.equal(readFileSync(join(outside, "secret"), "utf8"), "s");
  t.throws(() => folder.path("real/leaf/below"));
  writeFileSync(join(folder.dir, "plain"), "");
  t.throws(() => folder.path("plain/below/x"), { code: "ARTIFACTS_UNWRITABLE" });
  for (const name of ["manifest.json", "transcript.jsonl"])
    await t.rejects(folder.writeText(name, ""), { message: /reserved/ });
  t.equal(folder.path("captures/node-a/x.pcap"), join(folder.dir, "captures/node-a/x.pcap"));
  t.equal(modeOf(join(folder.dir, "captures/node-a")), 0o700);
});

t.test("the transcript is on disk when append returns, in order", async (t) => {
  const folder = await create(t.testdir());
  for (let index = 0; index < 200; index += 1)
    folder.appendTranscript({ type: "event", at: NOW.toISOString(), name: `e${index}` });
  const text = readFileSync(join(folder.dir, "transcript.jsonl"), "utf8");
  const names = text
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { name: string }).name);
  t.strictSame(
    names,
    Array.from({ length: 200 }, (_, index) => `e${index}`),
  );
  t.equal(modeOf(join(folder.dir, "transcript.jsonl")), 0o600);
});

t.test("secrets do not reach the folder", async (t) => {
  const folder = await create(t.testdir(), { target: "ok" });
  const secret = 'p4ss"wörd/1';
  folder.redact([secret, "", "p4ss"]);
  await folder.writeJson("a.json", {
    list: [{ deep: `x ${secret} y` }],
    [`key-${secret}`]: 1,
    n: 5,
    z: null,
  });
  await folder.writeText("b.txt", `token=${secret} b64=${Buffer.from(secret).toString("base64")}`);
  const bytes = Buffer.concat([Buffer.from([0xff, 0xfe, 0x00]), Buffer.from(secret)]);
  const source = { node: "node-a", argv: ["curl", "-u", secret], exitCode: 0 };
  await folder.writeText("c.bin", bytes, source);
  folder.appendTranscript({
    type: "error",
    at: NOW.toISOString(),
    code: "INTERNAL",
    message: `GET /?p=${encodeURIComponent(secret)}`,
  });
  await folder.finish();
  const all = readdirSync(folder.dir)
    .map((name) => readFileSync(join(folder.dir, name)).toString("latin1"))
    .join("\n");
  t.notMatch(all, /p4ss/);
  t.notOk(all.includes(Buffer.from(secret).toString("base64").replace(/=+$/, "")));
  t.strictSame(JSON.parse(readFileSync(join(folder.dir, "a.json"), "utf8")), {
    list: [{ deep: "x [redacted] y" }],
    "key-[redacted]": 1,
    n: 5,
    z: null,
  });
  t.equal(
    readFileSync(join(folder.dir, "c.bin")).subarray(0, 3).toString("hex"),
    "fffe00",
    "other bytes stay",
  );
  t.strictSame((await verifyManifest(folder.dir)).changed, []);
});

t.test("manifest: every file, whence, and verified", async (t) => {
  const folder = await create(t.testdir());
  const pcap = folder.path("captures/node-a/pod.pcap");
  writeFileSync(pcap, "pcap bytes");
  const digest = "5d5acfa6e6b0e6d1e11b9b3b4ab9cc7f5ab8bd5c9c7b1a3c5c2a6bd2f3b2a111";
  folder.registerFile("captures/node-a/pod.pcap", { node: "node-a", argv: ["tcpdump", "-w", "x"] });
  folder.registerFile("captures/node-a/pod.pcap", { exitCode: 0, truncated: true });
  folder.registerClock("node-a", -1.5);
  await folder.writeText("evidence/node-a/links.json", "[]", {
    node: "node-a",
    argv: ["ip", "-j", "link"],
    exitCode: 0,
  });
  await folder.writeJson("findings.json", {});
  folder.appendTranscript({ type: "event", at: NOW.toISOString(), name: "done" });
  symlinkSync("/etc/passwd", join(folder.dir, "passwd"));
  await folder.finish();

  const manifest = readManifestOf(folder.dir);
  t.match(manifest.run, { id: "run-1", runbook: "trace-path", target: "shop/client" });
  t.equal(manifest.run.createdAt, NOW.toISOString());
  t.strictSame(
    manifest.files.map((file) => file.path),
    ["captures/node-a/pod.pcap", "evidence/node-a/links.json", "findings.json", "transcript.jsonl"],
  );
  t.strictSame(manifest.files[0], {
    path: "captures/node-a/pod.pcap",
    sizeBytes: 10,
    sha256: execFileSync("sha256sum", [pcap], { encoding: "utf8" }).slice(0, 64),
    sourceSha256: null,
    node: "node-a",
    argv: ["tcpdump", "-w", "x"],
    exitCode: 0,
    truncated: true,
    clockOffsetMs: -1.5,
  });
  t.match(manifest.files[2], { node: null, argv: null, exitCode: null, truncated: false });
  t.strictSame(manifest.notFiles, ["passwd"]);
  t.strictSame(await verifyManifest(folder.dir), { changed: [], missing: [], unlisted: [] });

  writeFileSync(join(folder.dir, "extra"), "");
  writeFileSync(pcap, "PCAP bytes");
  execFileSync("rm", [join(folder.dir, "findings.json")]);
  t.strictSame(await verifyManifest(folder.dir), {
    changed: ["captures/node-a/pod.pcap"],
    missing: ["findings.json"],
    unlisted: ["extra"],
  });
  folder.registerFile("extra", { node: "node-a", sha256: digest, sizeBytes: 7 });
  await folder.finish();
  t.match(
    readManifestOf(folder.dir).files.find((file) => file.path === "extra"),
    { truncated: true },
  );
  t.strictSame((await verifyManifest(folder.dir)).changed, ["extra"], "not what the node sent");
});

t.test("a manifest that lies about paths reads nothing outside", async (t) => {
  const folder = await create(t.testdir());
  await folder.finish();
  const manifest = readManifestOf(folder.dir);
  const file = {
    ...{ path: "../../../../etc/passwd", sizeBytes: 1, sha256: "0".repeat(64), sourceSha256: null },
    ...{ node: null, argv: null, exitCode: null, truncated: false, clockOffsetMs: null },
  };
  writeFileSync(join(folder.dir, "manifest.json"), JSON.stringify({ ...manifest, files: [file] }));
  t.strictSame((await verifyManifest(folder.dir)).missing, ["../../../../etc/passwd"]);
  for (const text of [
    "",
    "null",
    "{}",
    "[1]",
    '{"apiVersion":"hopbook.dev/v1","kind":"Manifest","files":[1]}',
  ]) {
    writeFileSync(join(folder.dir, "manifest.json"), text);
    await t.rejects(verifyManifest(folder.dir), { code: "EVIDENCE_INVALID" }, text);
  }
});

t.test("what is added to a list side by side is all there, after what was", async (t) => {
  const folder = await create(t.testdir());
  const path = "evidence/state.json";
  const add = (...records: readonly unknown[]): Promise<void> =>
    folder.appendJson(path, { key: "state", records });
  await Promise.all([1, 2, 3, 4, 5].map((number) => add(number)));
  await add("a", "b");
  t.same(JSON.parse(readFileSync(join(folder.dir, path), "utf8")), { state: [1, 2, 3, 4, 5, "a", "b"] });
  symlinkSync("/etc/hostname", join(folder.dir, "link.json"));
  await t.rejects(folder.appendJson("link.json", { key: "x", records: [1] }), {
    code: "ARTIFACTS_UNWRITABLE",
  });
  await add("c");
  t.equal((JSON.parse(readFileSync(join(folder.dir, path), "utf8")) as { state: unknown[] }).state.length, 8);
  await folder.writeJson("odd.json", { x: 7 });
  await folder.appendJson("odd.json", { key: "x", records: [1] });
  t.same(JSON.parse(readFileSync(join(folder.dir, "odd.json"), "utf8")), { x: [1] });
});

t.test("a folder of the run is one writer's until that lets go of it", async (t) => {
  const folder = await create(t.testdir());
  const letGo = folder.claim("captures");
  t.type(letGo, "function");
  t.equal(folder.claim("captures"), null);
  t.type(folder.claim("evidence"), "function", "another one is free");
  letGo?.();
  t.type(folder.claim("captures"), "function");
});
