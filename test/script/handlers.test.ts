import t, { type Test } from "tap";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { HopbookError } from "../../lib/errors.js";
import type { NodeAccess } from "../../lib/model/access.js";
import type { PacketRecord } from "../../lib/model/sandbox.js";
import type { StepContext } from "../../lib/model/steps.js";
import { createHandlers, type ScriptPlace } from "../../lib/script/index.js";
import { fakeContext, type FakeContext } from "../steps/samples.js";

const signal = new AbortController().signal;

interface Ran {
  readonly argv: readonly string[];
  readonly action: string;
}

function open(more: Partial<StepContext> = {}, findPod?: (name: string) => Promise<ScriptPlace>) {
  const ran: Ran[] = [];
  const access = {
    node: "node-a",
    exec: async (argv: readonly string[], { action }: { action: string }) => {
      ran.push({ argv, action });
      const truncated = argv[0] === "flood";
      return {
        exitCode: 0,
        stdout: Buffer.from("out"),
        stderr: Buffer.from("err"),
        durationMs: 3,
        truncated,
      };
    },
  } as unknown as NodeAccess;
  const unreachable = new Map([["node-z", new HopbookError("NODE_UNREACHABLE", "it is off")]]);
  const fake: FakeContext = fakeContext([access], {
    unreachable,
    actionOf: ([program]) => `of/${program}`,
    ...more,
  });
  const handlers = createHandlers(fake.context, {
    timeoutMs: 1000,
    findPod: findPod ?? (async () => ({ node: "node-a", enter: "/run/netns/x", ip: "10.0.0.9" })),
  });
  const call = async (method: string, params: unknown): Promise<unknown> =>
    handlers.get(method)?.(params, signal);
  return { ...fake, ran, call };
}

t.test("a command goes through the step's way in, with the action that it fits", async (t) => {
  const { call, ran } = open();
  t.strictSame(await call("exec", { node: "node-a", argv: ["ip", "a b", ""] }), {
    ...{ node: "node-a", argv: ["ip", "a b", ""], exitCode: 0, stdout: "out", stderr: "err", durationMs: 3 },
  });
  t.match(await call("exec", { pod: "shop/web", argv: ["ss"] }), { argv: ["ss"] });
  t.strictSame(ran, [
    { argv: ["ip", "a b", ""], action: "of/ip" },
    { argv: ["nsenter", "--net=/run/netns/x", "--", "ss"], action: "of/nsenter" },
  ]);
  await t.rejects(call("exec", { pod: "shop/web", argv: ["cat", "/sys/class/net/eth0/mtu"] }), {
    ...{ code: "INPUT_INVALID", message: /has the node's interfaces/ },
  });
  await t.rejects(call("exec", { node: "node-z", argv: ["ip"] }), { code: "NODE_UNREACHABLE" });
  await t.rejects(call("exec", { node: "nowhere", argv: ["ip"] }), { code: "TARGET_NOT_FOUND" });
  await t.rejects(call("exec", { node: "node-a", argv: ["flood"] }), { code: "COMMAND_FAILED" });
});

t.test("what is no command is refused before it gets anywhere", async (t) => {
  const { call, ran } = open();
  const bad = [
    [],
    "ip",
    null,
    [1],
    ["a\0b"],
    [""],
    ["-x"],
    ["A=b"],
    ["'"],
    new Array(5000).fill("x"),
    ["a", "x".repeat(140_000)],
  ];
  for (const argv of bad) await t.rejects(call("exec", { node: "node-a", argv }), { code: "SCRIPT_FAILED" });
  await t.rejects(call("exec", { node: 5, argv: ["ip"] }), { code: "SCRIPT_FAILED" });
  await t.rejects(call("exec", [1]), { code: "SCRIPT_FAILED" });
  await t.rejects(call("exec", JSON.parse('{"__proto__":{"node":"node-a"},"argv":["ip"]}')), {
    code: "SCRIPT_FAILED",
  });
  t.strictSame(ran, []);
});

t.test("a pod is found once, and again after a failure", async (t) => {
  let tries = 0;
  const { call } = open({}, async () => {
    tries += 1;
    if (tries === 1) throw new HopbookError("TARGET_NOT_FOUND", "not yet");
    return { node: "node-a", enter: null, ip: null };
  });
  await t.rejects(call("pod", { name: "shop/web" }), { code: "TARGET_NOT_FOUND" });
  t.strictSame(await call("pod", { name: "shop/web" }), { name: "shop/web", node: "node-a", ips: [] });
  await call("exec", { pod: "shop/web", argv: ["ss"] });
  t.equal(tries, 2);
});

t.test("artifacts lie in the step's own folder, and nowhere else", async (t) => {
  const dir = t.testdir({});
  const { call, context } = open();
  const sink = {
    ...context.sink,
    dir,
    writeText: async (path: string, text: string | Buffer) => {
      mkdirSync(join(dir, path, ".."), { recursive: true });
      writeFileSync(join(dir, path), text);
    },
  };
  const kept = open({ sink });
  t.equal(
    await kept.call("artifact.write", { name: "a-b.2.json", text: "{}" }),
    "evidence/script/step/a-b.2.json",
  );
  t.equal(readFileSync(join(dir, "evidence/script/step/a-b.2.json"), "utf8"), "{}");
  t.equal(await kept.call("artifact.read", { name: "a-b.2.json" }), "{}");
  await t.rejects(kept.call("artifact.read", { name: "other.txt" }), { code: "SCRIPT_FAILED" });
  const names = [
    "",
    ".",
    "..",
    "../x",
    "a/b",
    "/etc/passwd",
    "a\\b",
    ".hidden",
    "-x",
    "a\n",
    "a\0",
    "source",
    "x".repeat(300),
    "a..b",
    "ä",
  ];
  for (const name of names) {
    await t.rejects(
      call("artifact.write", { name, text: "x" }),
      { code: "SCRIPT_FAILED" },
      JSON.stringify(name),
    );
  }
  const large = "x".repeat(8_000_000);
  const fill = async (): Promise<void> => {
    for (let count = 0; count < 10; count++) await call("artifact.write", { name: "x", text: large });
  };
  await t.rejects(fill(), { message: /at most 64 MiB/ });
});

t.test("this machine's files, network and environment are demanded first", async (t) => {
  const dir = t.testdir({ "in.txt": "text", folder: {}, secret: "s" });
  symlinkSync("secret", join(dir, "link"));
  symlinkSync("folder", join(dir, "elsewhere"));
  const { call, demands } = open();
  t.equal(await call("file.read", { path: join(dir, "in.txt") }), "text");
  t.equal(await call("file.read", { path: join(dir, "link") }), "s");
  await call("file.write", { path: join(dir, "elsewhere/out.txt"), text: "new" });
  t.equal(readFileSync(join(dir, "folder/out.txt"), "utf8"), "new");
  process.env["HOPBOOK_TEST_VALUE"] = "v";
  t.equal(await call("env", { name: "HOPBOOK_TEST_VALUE" }), "v");
  t.equal(await call("env", { name: "HOPBOOK_TEST_NONE" }), null);
  t.strictSame(demands, [
    { kind: "read", path: join(dir, "in.txt") },
    { kind: "read", path: join(dir, "secret") },
    { kind: "write", path: join(dir, "folder/out.txt") },
    { kind: "env", name: "HOPBOOK_TEST_VALUE" },
    { kind: "env", name: "HOPBOOK_TEST_NONE" },
  ]);
  // A link at the end is not written through: what it leads to was not asked for.
  await t.rejects(call("file.write", { path: join(dir, "link"), text: "x" }), { code: "SCRIPT_FAILED" });
  t.equal(readFileSync(join(dir, "secret"), "utf8"), "s");
  for (const path of ["relative", "/a/../etc/passwd", "/a\0b", ""]) {
    await t.rejects(call("file.read", { path }), { code: "SCRIPT_FAILED" });
  }
  await t.rejects(call("file.read", { path: dir }), { message: /no regular file/ });
  await t.rejects(call("file.read", { path: join(dir, "none") }), { code: "SCRIPT_FAILED" });
});

t.test("what is denied is not touched", async (t) => {
  const dir = t.testdir({ "in.txt": "text" });
  const demand = (): never => {
    throw new HopbookError("PERMISSION_DENIED", "no");
  };
  const { call } = open({ demand });
  await t.rejects(call("file.read", { path: join(dir, "in.txt") }), { code: "PERMISSION_DENIED" });
  await t.rejects(call("file.write", { path: join(dir, "in.txt"), text: "x" }), {
    code: "PERMISSION_DENIED",
  });
  await t.rejects(call("env", { name: "HOME" }), { code: "PERMISSION_DENIED" });
  await t.rejects(call("fetch", { url: "http://127.0.0.1:1/" }), { code: "PERMISSION_DENIED" });
  t.equal(readFileSync(join(dir, "in.txt"), "utf8"), "text");
});

async function serve(t: Test): Promise<number> {
  const server = createServer((request, response) => {
    if (request.url === "/away")
      return void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
    if (request.url === "/large") return void response.end("x".repeat(5_000_000));
    request.setEncoding("utf8").on("data", (text: string) => response.write(`${request.method} ${text}`));
    request.on("end", () => response.end());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

t.test("a fetch is one request to the host that was demanded", async (t) => {
  const port = await serve(t);
  const { call, demands } = open();
  const url = `http://127.0.0.1:${port}`;
  t.match(await call("fetch", { url, method: "POST", body: "b" }), { status: 200, text: "POST b" });
  t.match(await call("fetch", { url: `${url}/away` }), { status: 302 }, "a redirect is not followed");
  await t.rejects(call("fetch", { url: `${url}/large` }), { message: /more than 4 MiB/ });
  await t.rejects(call("fetch", { url, method: "GET", body: "x" }), { code: "SCRIPT_FAILED" });
  t.ok(
    demands.every((demand) => demand.kind === "net" && demand.host === "127.0.0.1" && demand.port === port),
  );
  for (const bad of ["file:///etc/passwd", "data:text/plain,x", "nothing", "ftp://x/", "unix:///x"]) {
    await t.rejects(call("fetch", { url: bad }), { code: "SCRIPT_FAILED" });
  }
});

t.test("captures are those of this run, read in pieces", async (t) => {
  const captures = [
    { hopId: "a", pcap: "captures/a.pcap" },
    { hopId: "b", pcap: null },
  ];
  const dir = t.testdir({ evidence: { "captures.json": JSON.stringify({ captures }) } });
  let closed = 0;
  async function* readPackets(): AsyncGenerator<PacketRecord> {
    try {
      for (let frame = 1; frame <= 1200; frame++) yield { frame } as PacketRecord;
    } finally {
      closed += 1;
    }
  }
  const { call } = open({ readPackets, sink: { ...fakeContext().context.sink, dir } });
  t.strictSame(await call("captures", {}), [captures[0]]);
  const cursor = await call("packets.open", { pcap: "captures/a.pcap" });
  const sizes: unknown[] = [];
  for (;;) {
    const { packets, more } = (await call("packets.next", { cursor })) as {
      packets: unknown[];
      more: boolean;
    };
    sizes.push(packets.length);
    if (!more) break;
  }
  t.strictSame(sizes, [500, 500, 200]);
  await call("packets.close", { cursor });
  t.equal(closed, 1);
  t.strictSame(await call("packets.next", { cursor }), { packets: [], more: false });
  await t.rejects(call("packets.open", { pcap: "../secret.pcap" }), { code: "SCRIPT_FAILED" });
  const openMany = async (): Promise<void> => {
    for (let count = 0; count < 20; count++) await call("packets.open", { pcap: "captures/a.pcap" });
  };
  await t.rejects(openMany(), { message: /more than 16/ });
  t.strictSame(await open().call("captures", {}), [], "none yet");
});

t.test("a step kind is run by the engine; a script by no script", async (t) => {
  const asked: unknown[] = [];
  const { call } = open({ invoke: async (uses, input) => void asked.push([uses, input]) });
  await call("run", { uses: "time/wait", with: { duration: "1s" } });
  await t.rejects(call("run", { uses: "script/run", with: {} }), { code: "SCRIPT_FAILED" });
  await t.rejects(call("run", { uses: "time/wait", with: [] }), { code: "SCRIPT_FAILED" });
  t.strictSame(asked, [["time/wait", { duration: "1s" }]]);
});
