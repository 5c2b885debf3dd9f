import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { openKube } from "../../lib/kube/index.js";
import type { KubeApi, KubeExec } from "../../lib/model/kube.js";

interface Server {
  readonly api: KubeApi;
  readonly asked: string[];
}

/** An API server that says what it likes. */
async function serve(
  t: Test,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  upgrade?: (socket: Duplex) => void,
): Promise<Server> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
    answer(request, response);
  });
  server.on("upgrade", (request, socket) => {
    const key = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.on("error", () => undefined);
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${key}\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n`,
    );
    upgrade?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const file = join(t.testdir({}), "kubeconfig");
  const config = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": "c" },
    clusters: [{ name: "c", cluster: { server: url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: { token: "s3cret-token" } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return { api: openKube({ kubeconfig: [file] }), asked };
}

const PODS = { group: "", version: "v1", resource: "pods" } as const;

t.test("a list without an end is given up", async (t) => {
  const { api, asked } = await serve(t, (_request, response) => {
    response.end(JSON.stringify({ items: [], metadata: { continue: "more" } }));
  });
  await t.rejects(api.list(PODS), { code: "KUBE_REFUSED", message: /has no end: 1000 pages/ });
  t.equal(asked.length, 1000);
});

t.test("answers of other types than asked for", async (t) => {
  const bodies = [
    ...["null", "7", '"text"', "<html>", '{"items": {}}', '{"items": "pods"}'],
    ...['{"items": 7, "metadata": null}', '{"__proto__": {"items": 1}, "items": true}'],
  ];
  for (const body of bodies) {
    const { api } = await serve(t, (_request, response) => response.end(body));
    await t.rejects(api.list(PODS), { code: "KUBE_UNREACHABLE" }, body);
  }
  for (const body of [
    '{"items": null}',
    '{"metadata": {"continue": {}}}',
    '{"items": [], "metadata": null}',
  ]) {
    const { api } = await serve(t, (_request, response) => response.end(body));
    t.strictSame(await api.list(PODS), [], body);
  }
});

t.test("a page longer than was asked for, and more than there may be", async (t) => {
  const items = Array.from({ length: 200_000 }, () => 1);
  const { api } = await serve(t, (_request, response) => response.end(JSON.stringify({ items })));
  t.equal((await api.list(PODS, 1_000_000)).length, 200_000);
  await t.rejects(api.list(PODS), { code: "KUBE_REFUSED", message: /more than 20000/ });
});

t.test("refusals of any shape, of any length, and none with a credential", async (t) => {
  const long = "x".repeat(1_000_000);
  const bodies = [
    "null",
    "[]",
    "7",
    "",
    "<html>",
    '{"message": {"a": 1}}',
    JSON.stringify({ message: long }),
  ];
  for (const body of bodies) {
    const { api } = await serve(t, (_request, response) => response.writeHead(403).end(body));
    const error = await api.request({ ...PODS, verb: "get", name: "x" }).catch((e: unknown) => e as Error);
    t.match(error, { code: "KUBE_REFUSED" }, body.slice(0, 40));
    const text = JSON.stringify(error) + String((error as Error).stack);
    t.ok(text.length < 20_000, `${text.length} characters`);
    t.notMatch(text, /s3cret-token/);
  }
});

t.test("a redirect is not followed: credentials stay with the server", async (t) => {
  const other = await serve(t, (_request, response) => response.end("{}"));
  const { api } = await serve(t, (_request, response) =>
    response.writeHead(302, { Location: `${other.api.server}/api/v1/pods` }).end(),
  );
  await t.rejects(api.list(PODS), { code: "KUBE_REFUSED" });
  t.strictSame(other.asked, []);
});

t.test("an answer that dribbles, and one that is too much", async (t) => {
  const slow = await serve(t, (_request, response) => {
    const timer = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(timer));
  });
  await t.rejects(slow.api.request({ ...PODS, verb: "list", timeoutMs: 200 }), { code: "KUBE_UNREACHABLE" });
  const chunk = Buffer.alloc(1024 * 1024, 0x20);
  const large = await serve(t, (_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", more);
    more();
  });
  await t.rejects(large.api.list(PODS), { code: "KUBE_UNREACHABLE", message: /more than 67108864 bytes/ });
});

const frame = (opcode: number, ...bytes: readonly (number | string)[]): Buffer => {
  const data = Buffer.concat(
    bytes.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from([part]))),
  );
  const head =
    data.length < 126
      ? [0x80 | opcode, data.length]
      : [0x80 | opcode, 126, data.length >> 8, data.length & 255];
  return Buffer.concat([Buffer.from(head), data]);
};

async function execAt(t: Test, frames: readonly Buffer[]): Promise<{ exec: KubeExec; out: () => string }> {
  const { api } = await serve(
    t,
    (_request, response) => response.end("{}"),
    (socket) => frames.forEach((each) => socket.write(each)),
  );
  let out = "";
  const exec = await api.exec({
    ...{ namespace: "shop", pod: "web", container: "c", argv: ["true"], stdin: false },
    onStdout: (chunk) => (out += chunk.toString()),
    onStderr: () => undefined,
  });
  t.teardown(() => exec.close());
  return { exec, out: () => out };
}

t.test("frames that are none end the command, and nothing else", async (t) => {
  const LOST = { exitCode: null, refused: null, lost: true };
  const garbage: readonly (readonly [string, Buffer])[] = [
    ["an empty frame", frame(2)],
    ["a status that is no JSON", frame(2, 3, "{")],
    ["a channel that is not there", frame(2, 9, "x")],
    ["text", frame(1, "hello")],
    ["no frame at all", Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ];
  for (const [name, bytes] of garbage) {
    const { exec, out } = await execAt(t, [frame(2, 1, "before"), bytes]);
    t.strictSame(await exec.done, LOST, name);
    t.equal(out(), "before", name);
  }
});

t.test("the end of a stream is not the end of this process's own stdout", async (t) => {
  const { exec, out } = await execAt(t, [
    ...[frame(2, 255), frame(2, 255, 1), frame(2, 255, 2), frame(2, 1, "out")],
    frame(2, 3, '{"status": "Success"}'),
  ]);
  t.strictSame(await exec.done, { exitCode: 0, refused: null, lost: false });
  t.equal(out(), "out");
  t.notOk(process.stdout.writableEnded);
});

t.test("a status of other types than promised", async (t) => {
  const none = { exitCode: null, refused: "no reason was given", lost: false };
  const cause = (message: unknown): unknown => ({ details: { causes: [{ reason: "ExitCode", message }] } });
  const table: readonly (readonly [unknown, object])[] = [
    [[], none],
    [{}, none],
    [{ details: 7, message: 8, reason: {} }, none],
    [{ details: { causes: {} } }, none],
    [{ details: { causes: [null, 7] } }, none],
    [cause(3), none],
    [cause("999"), none],
    [cause("3"), { exitCode: 3 }],
    [{ reason: "why" }, { refused: "why" }],
    [{ message: "m".repeat(5000) }, { refused: "m".repeat(4000) }],
  ];
  for (const [status, end] of table) {
    const { exec } = await execAt(t, [frame(2, 3, JSON.stringify(status))]);
    t.match(await exec.done, end, JSON.stringify(status).slice(0, 80));
  }
});

t.test("a name is one part of a path", async (t) => {
  const { api, asked } = await serve(t, (_request, response) => response.end("{}"));
  const use = {
    container: "c",
    argv: ["true"],
    stdin: false,
    onStdout: () => undefined,
    onStderr: () => undefined,
  };
  for (const pod of ["../../nodes", "a/b", "a?b", "-rf", "", "a\nb"]) {
    await t.rejects(api.exec({ ...use, namespace: "shop", pod }), { code: "KUBE_REFUSED" }, pod);
    await t.rejects(api.exec({ ...use, namespace: pod, pod: "web" }), { code: "KUBE_REFUSED" }, pod);
  }
  await api.request({ ...PODS, verb: "get", namespace: "a/../../b", name: "x?y#z" });
  t.strictSame(asked, ["GET /api/v1/namespaces/a%2F..%2F..%2Fb/pods/x%3Fy%23z"]);
});
