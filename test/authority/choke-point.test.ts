import t from "tap";
import { join } from "node:path";
import { authoriseBy } from "./authorise-by.js";
import type { TranscriptEntry } from "../../lib/artifacts/index.js";
import type { Argv, ExecOptions, NodeAccess, NodeStream } from "../../lib/model/access.js";
import { GuardedAccess } from "../../lib/model/guarded-access.js";
import { makeProfile } from "../api/samples.js";
import { localFile } from "../fixtures/local-file.js";

/** A way in that keeps every call that reaches it. */
function spy(): { raw: NodeAccess; reached: [string, ...unknown[]][] } {
  const reached: [string, ...unknown[]][] = [];
  class Raw implements NodeAccess {
    readonly node = "node-a";
    readonly via = "ssh";
    readonly master = { socket: "/run/secret" };
    exec(argv: Argv, options: ExecOptions): ReturnType<NodeAccess["exec"]> {
      reached.push(["exec", argv, options]);
      return Promise.resolve({
        ...{
          node: "node-a",
          argv,
          exitCode: 0,
          signal: null,
          stdout: Buffer.alloc(0),
          stderr: Buffer.alloc(0),
        },
        ...{ timedOut: false, canceled: false, truncated: false, startedAt: "", durationMs: 0 },
      });
    }
    stream(argv: Argv): NodeStream {
      reached.push(["stream", argv]);
      const done = Promise.resolve({ exitCode: 0, signal: null, transportLost: false });
      return {
        ...{ node: "node-a", argv, done, write: () => undefined, end: () => undefined },
        ...{ stdoutLines: (async function* () {})(), stderrText: () => "", kill: () => done },
      };
    }
    pull(remotePath: string, localPath: string): ReturnType<NodeAccess["pull"]> {
      reached.push(["pull", remotePath, localPath]);
      return Promise.resolve({ bytes: 0, sha256: "" });
    }
    close(): Promise<void> {
      reached.push(["close"]);
      return Promise.resolve();
    }
  }
  return { raw: new Raw(), reached };
}

const runbook = {
  metadata: { name: "sample", title: "Sample", description: undefined, labels: {} },
  permissions: {
    ...{ node: {}, exec: ["node/read", "capture/pull"], capture: {}, mutate: ["ip link set * up"] },
    ...{ read: ["/data"] },
  },
};
const profile = makeProfile(["node-a"]);
const READ: Argv = ["ip", "-j", "link", "show"];
const READING: ExecOptions = { action: "node/read", timeoutMs: 1 };

async function guarded(secrets: readonly string[] = []): Promise<{
  access: GuardedAccess;
  reached: [string, ...unknown[]][];
  records: TranscriptEntry[];
}> {
  const { raw, reached } = spy();
  const records: TranscriptEntry[] = [];
  const authority = await authoriseBy({
    runbook,
    profile,
    grants: { yes: true },
    confirm: undefined,
    secrets,
  });
  return { access: authority.wrap(raw, (entry) => records.push(entry)), reached, records };
}

t.test("a step's context leads to no raw way in: no property, no prototype", async (t) => {
  const { access, reached } = await guarded();
  t.strictSame(Reflect.ownKeys(access).sort(), ["node", "via"]);
  t.ok(Object.isFrozen(access) && Object.isFrozen(GuardedAccess.prototype), "no method can be replaced");
  t.strictSame(reached, []);
});

t.test("every method reaches the node only behind a decision that allows it", async (t) => {
  const { access, reached, records } = await guarded();
  const { raw } = spy();
  const methods = new Set<string>();
  for (let proto: object | null = raw; proto !== null && proto !== Object.prototype;) {
    for (const key of Object.getOwnPropertyNames(proto)) {
      if (key !== "constructor" && typeof Reflect.get(raw, key) === "function") methods.add(key);
    }
    proto = Object.getPrototypeOf(proto) as object | null;
  }
  t.strictSame([...methods].sort(), ["close", "exec", "pull", "stream"], "a new method has to be added here");
  const calls: Record<string, { allowed: () => unknown; refused: () => unknown }> = {
    exec: {
      allowed: () => access.exec(READ, READING),
      refused: () => access.exec(["ip", "link", "set", "eth0", "down"], READING),
    },
    stream: {
      allowed: () => access.stream(READ, READING),
      refused: () => access.stream(["rm", "-rf", "/"], READING),
    },
    pull: {
      allowed: () => access.pull("/x/a.pcap", localFile("/dev/null"), { ...READING, action: "capture/pull" }),
      refused: () =>
        access.pull("/etc/shadow", localFile("/dev/null"), { ...READING, action: "capture/pull" }),
    },
  };
  for (const method of methods) {
    const call = calls[method];
    if (call === undefined) {
      t.equal(method, "close", "it runs nothing");
      continue;
    }
    const before = reached.length;
    await t.rejects(async () => call.refused(), { code: "PERMISSION_DENIED" }, `${method} is refused`);
    t.equal(reached.length, before, `${method}: nothing reached the node`);
    t.match(records.at(-1), { type: "permission", decision: "denied", node: "node-a" });
    const at = records.length;
    await call.allowed();
    t.equal(reached.length, before + 1, `${method}: it did`);
    t.match(records[at], { type: "permission", decision: "granted", node: "node-a", by: "--yes" });
  }
});

t.test("what was checked is what is run: getters, proxies, lookalikes, late changes", async (t) => {
  const refused = { code: "PERMISSION_DENIED" };
  const { access, reached } = await guarded();

  let turn = 0;
  const changing = new Proxy([...READ], {
    get(target, key, receiver) {
      if (key === "1") turn += 1;
      return key === "1" && turn > 1 ? "rm" : (Reflect.get(target, key, receiver) as unknown);
    },
  }) as unknown as Argv;
  await access.exec(changing, READING);
  t.strictSame(reached.at(-1)?.[1], READ, "a proxy is read once");

  let asked = 0;
  const slyOptions = {
    timeoutMs: 1,
    get action() {
      asked += 1;
      return asked > 1 ? "node/shell" : "node/read";
    },
  };
  await access.exec(READ, slyOptions);
  t.strictSame(asked, 1);
  t.match(reached.at(-1)?.[2], { action: "node/read" });

  const late: [string, ...string[]] = [...READ] as [string, ...string[]];
  const running = access.exec(late, READING);
  late.splice(0, late.length, "reboot");
  await running;
  t.strictSame(reached.at(-1)?.[1], READ, "a change after the call is too late");
  t.ok(Object.isFrozen(reached.at(-1)?.[1]));

  const before = reached.length;
  class Sly extends String {
    override toString(): string {
      return "rm";
    }
  }
  for (const argv of [
    [new Sly("ip"), "-j", "link"],
    ["ip", new Sly("-j")],
    ["ip", { toString: () => "link" }],
    ["ip", ["link"]],
    ["ip", 7],
    ["ip", null],
    [],
    "ip -j link",
    { 0: "ip", length: 1 },
    Object.assign(Object.create({ 1: "rm" }) as object, { 0: "ip", length: 2 }),
  ]) {
    await t.rejects(access.exec(argv as unknown as Argv, READING), refused, JSON.stringify(argv));
    t.throws(() => access.stream(argv as unknown as Argv, READING), refused);
  }
  for (const action of [new Sly("node/read"), ["node/read"], undefined, { toString: () => "node/read" }]) {
    await t.rejects(access.exec(READ, { ...READING, action: action as string }), refused, String(action));
  }
  const path = new Sly("/x/a.pcap") as unknown as string;
  await t.rejects(access.pull(path, localFile("/dev/null"), { ...READING, action: "capture/pull" }), refused);
  for (const action of ["__proto__", "constructor", "toString", "node/read\0", "NODE/READ", " node/read"]) {
    await t.rejects(access.exec(READ, { ...READING, action }), refused, action);
  }
  t.equal(reached.length, before, "none of these reached the node");
});

t.test("a secret is in no command line, and in nothing that is said of it", async (t) => {
  const secret = "s3cr3t-täg";
  const { access, reached, records } = await guarded([secret, "", "ab"]);
  const seen = (error: unknown): string => JSON.stringify([error, String(error), records]);
  for (const word of [
    secret,
    `token=${secret}`,
    Buffer.from(secret).toString("base64"),
    encodeURIComponent(secret),
    Buffer.from(secret).toString("hex"),
    "ab",
  ]) {
    const run = access.exec(["ip", "link", "set", word, "up"], { ...READING, action: "node/mutate" });
    const error: unknown = await run.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.match(error, {
      code: "PERMISSION_DENIED",
      message: /a secret would become visible in the process list/,
    });
    if (word !== "ab") t.notMatch(seen(error), word);
    t.match(records.at(-1), {
      type: "permission",
      decision: "denied",
      node: "node-a",
      subject: "node/mutate",
    });
  }
  t.strictSame(reached, []);
  await access.exec(["ip", "link", "set", "abc", "up"], { ...READING, action: "node/mutate" });
  t.equal(reached.length, 1, "a short secret counts only as a whole word");
});

t.test("of this machine: what links lead out of a granted folder is refused", async (t) => {
  const link = (to: string) => t.fixture("symlink", to);
  const base = t.testdir({
    data: {
      "a.txt": "a",
      out: link("../other"),
      dangling: link("../other/new"),
      proc: link("/proc/self/root"),
    },
    other: { "b.txt": "b" },
    alias: link("data"),
  });
  const authority = await authoriseBy({
    runbook: { ...runbook, permissions: { read: ["./data"], write: ["./alias"] } },
    ...{ profile, grants: { yes: true }, confirm: undefined, sourceFiles: [join(base, "runbook.yaml")] },
  });
  const records: TranscriptEntry[] = [];
  const ask = (kind: "read" | "write", path: string) => (): void =>
    authority.demand({ kind, path }, (entry) => records.push(entry));
  t.doesNotThrow(ask("read", join(base, "data/a.txt")));
  t.doesNotThrow(ask("read", join(base, "alias/a.txt")), "by another name the same file");
  t.doesNotThrow(ask("write", join(base, "data/new/deep.txt")), "a link that was declared is followed too");
  const refused = { code: "PERMISSION_DENIED" };
  for (const path of [
    ...[
      "data/out/b.txt",
      "other/b.txt",
      "data/dangling",
      "data/dangling/x",
      "data/proc/etc/hostname",
      "data2",
    ],
    ...["data/../other/b.txt", "data/proc/self/environ"],
  ]) {
    t.throws(ask("read", `${base}/${path}`), refused, `read ${path}`);
    t.throws(ask("write", `${base}/${path}`), refused, `write ${path}`);
  }
  for (const path of ["/proc/self/environ", "/dev/mem", "/sys/x", "data/a.txt", "", "/a\0b"])
    t.throws(ask("read", path), refused, JSON.stringify(path));
  for (const request of [
    { kind: "net", host: "a.example", port: 80 },
    { kind: "env", name: "HOME" },
    { kind: "kube", verb: "get", resource: "pods", namespace: null },
  ] as const) {
    t.throws(() => authority.demand(request, (entry) => records.push(entry)), refused, request.kind);
  }
  t.ok(records.every((entry) => entry.type === "permission" && entry.node === null && entry.by !== ""));
});
