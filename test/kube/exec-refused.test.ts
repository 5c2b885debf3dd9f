import { createServer, type Server } from "node:http";
import t, { type Test } from "tap";
import type { KubeApi } from "../../lib/model/kube.js";
import { serveBy } from "./serve.js";

/** What a server says in place of an upgrade, byte by byte; what it is asked without one. */
async function refuse(
  test: Test,
  { bytes, keepOpen = false, plain = "" }: { bytes: string; keepOpen?: boolean; plain?: string },
): Promise<{ readonly api: KubeApi; readonly asked: string[] }> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(request.method ?? "");
    response.writeHead(Number(/ (\d{3}) /.exec(bytes)?.[1])).end(plain);
  });
  server.on("upgrade", (_request, socket) => {
    socket.on("error", () => undefined);
    socket.write(bytes);
    if (!keepOpen) socket.end();
  });
  return { api: await serveBy(test, server), asked };
}

async function said(
  api: KubeApi,
): Promise<{ readonly code: string; readonly message: string; readonly ms: number }> {
  const from = performance.now();
  const ignore = (): void => undefined;
  const error = await api
    .exec({
      ...{ namespace: "shop", pod: "web", container: "c", argv: ["true"], stdin: false },
      ...{ onStdout: ignore, onStderr: ignore },
    })
    .then(
      () => ({ code: "none", message: "it opened" }),
      (each: unknown) => each as { readonly code: string; readonly message: string },
    );
  return { code: error.code, message: error.message, ms: performance.now() - from };
}

const answer = (status: string, type: string, body: string): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`;
const statusOf = (code: number, message: string): string =>
  answer(
    `${String(code)} X`,
    "application/json",
    JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, code }),
  );
const DOING = "Cannot create pods/exec shop/web: ";
const DIAL = "error dialing backend: dial tcp 10.77.0.12:10250: connect: no route to host";
const WEBHOOK = 'admission webhook "validate.kyverno.svc" denied the request: no exec into pods of shop';

t.test("a refused exec is told with the server's own words", async (t) => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ["the kubelet's, in a Status", statusOf(500, DIAL), "KUBE_UNREACHABLE", DIAL],
    ["a webhook's", statusOf(400, WEBHOOK), "KUBE_REFUSED", WEBHOOK],
    [
      "RBAC's",
      statusOf(403, 'pods "web" is forbidden: User "amy" cannot create resource "pods/exec"'),
      "KUBE_FORBIDDEN",
      'pods "web" is forbidden: User "amy" cannot create resource "pods/exec"',
    ],
    [
      "a kubelet's text",
      answer(
        "500 Internal Server Error",
        "text/plain",
        'unable to upgrade connection: container not found ("c")\n',
      ),
      "KUBE_UNREACHABLE",
      'HTTP 500: unable to upgrade connection: container not found ("c")',
    ],
    [
      "a proxy's page",
      answer(
        "502 Bad Gateway",
        "text/html",
        "<html>\r\n<head><title>502 Bad Gateway</title><style>a{}</style></head>\r\n<body><h1>502 Bad Gateway</h1><hr>nginx/1.25.3</body></html>",
      ),
      "KUBE_UNREACHABLE",
      "HTTP 502: 502 Bad Gateway nginx/1.25.3",
    ],
    [
      "a page with a title alone",
      answer("503 X", "text/html", "<!DOCTYPE html><head><title>Down for repair</title></head>"),
      "KUBE_UNREACHABLE",
      "HTTP 503: Down for repair",
    ],
    ["JSON that is no Status", answer("500 X", "application/json", "[1]"), "KUBE_UNREACHABLE", "HTTP 500"],
    [
      "chunks",
      `HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nno sh\r\n3\r\nell\r\n0\r\n\r\n`,
      "KUBE_UNREACHABLE",
      "HTTP 500: no shell",
    ],
    [
      "a Status that was cut",
      `HTTP/1.1 500 X\r\n\r\n{"kind":"Status","message":"no \\"route\\" to`,
      "KUBE_UNREACHABLE",
      'no "route" to',
    ],
  ];
  for (const [title, bytes, code, words] of cases) {
    const { api, asked } = await refuse(t, { bytes, plain: "" });
    const { message, code: said_, ...rest } = await said(api);
    t.strictSame([said_, message], [code, DOING + words], title);
    t.ok(rest.ms < 9_000, "at once");
    t.strictSame(
      asked,
      words === "HTTP 500" ? ["POST"] : [],
      `${title}: nothing else is asked where it was said`,
    );
  }
});

t.test("where the answer has no words, the same request without an upgrade is asked for them", async (t) => {
  const { api, asked } = await refuse(t, {
    bytes: "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n",
    plain: JSON.stringify({ message: DIAL }),
  });
  t.equal((await said(api)).message, DOING + DIAL);
  t.strictSame(asked, ["POST"]);
});

t.test("a body that is huge, hostile or does not end is bounded", async (t) => {
  const huge = await refuse(t, { bytes: answer("500 X", "text/plain", "word ".repeat(4_000_000)) });
  const long = await said(huge.api);
  t.ok(long.message.startsWith(`${DOING}HTTP 500: word word`));
  t.ok(long.message.length < 700, `${String(long.message.length)} characters`);
  const status = await said((await refuse(t, { bytes: statusOf(500, "x".repeat(3_000_000)) })).api);
  t.match(status.message, /: x{1000}/);
  t.ok(status.message.length < 4_100);
  for (const page of ["<".repeat(900_000), "<script>".repeat(100_000), "<html><a ".repeat(100_000)]) {
    const hostile = await said(
      (await refuse(t, { bytes: answer("500 X", "text/html", `<html>${page}`) })).api,
    );
    t.match(hostile.message, /HTTP 500/);
  }
  const endless = await refuse(t, {
    bytes: "HTTP/1.1 500 X\r\nContent-Length: 9999\r\n\r\nno space left on device",
    keepOpen: true,
  });
  const { message, ms } = await said(endless.api);
  t.equal(message, `${DOING}HTTP 500: no space left on device`);
  t.ok(ms < 9_000, `${ms.toFixed(0)} ms`);
});
