import t from "tap";
import { execFile, execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { ProbeKind } from "../../lib/model/traffic.js";
import { parseProbe, planProbe } from "../../lib/traffic/index.js";
import { OPTIONS, makeFlow } from "./flows.js";

const skip = process.getuid?.() === 0 ? false : "needs root";
const netns = `hb-tr6-${process.pid}`;

/** A network namespace of one host with an IPv6 address of its own on lo; fd00:2::/64 is a black hole behind a veth. */
t.test("IPv6, from a namespace by its path", { skip }, async (t) => {
  execFileSync("ip", ["netns", "add", netns]);
  t.teardown(() => execFileSync("ip", ["netns", "del", netns]));
  const ip = (...args: string[]): void => void execFileSync("ip", ["-n", netns, ...args]);
  ip("link", "set", "lo", "up");
  ip("address", "add", "fd00:1::1/128", "dev", "lo");
  ip("link", "add", "d0", "type", "veth", "peer", "name", "d1");
  for (const device of ["d0", "d1"]) ip("link", "set", device, "up");
  ip("address", "add", "fd00:2::1/64", "dev", "d0", "nodad");
  ip("neigh", "add", "fd00:2::9", "lladdr", "02:00:00:00:00:09", "dev", "d0");

  const probe = async (kind: ProbeKind, to: { ip: string; port: number | null }) => {
    const path = { kind: "path", path: `/run/netns/${netns}` } as const;
    const plan = planProbe(makeFlow(kind, to, { netns: path, ip: "fd00:1::1" }), { ...OPTIONS, count: 2 });
    const [file, ...args] = plan.argv;
    const result = await new Promise<{ stdout: string; stderr: string; exitCode: number | null }>(
      (resolve) => {
        execFile(file, args, { timeout: plan.timeoutMs }, (error, stdout, stderr) => {
          resolve({ stdout, stderr, exitCode: error === null ? 0 : Number(error.code ?? 1) });
        });
      },
    );
    return parseProbe(plan, result);
  };
  const kinds = ["udp", "dns-udp", "dns-tcp", "tcp-connect", "http"] as const;

  const refused = await Promise.all(kinds.map((kind) => probe(kind, { ip: "fd00:1::1", port: 9 })));
  for (const { kind, attempts } of refused) {
    t.match(attempts[0], { outcome: "refused", detail: "connection refused" }, kind);
    t.type(attempts[0]?.localPort, "number", kind);
  }
  const lost = await Promise.all(kinds.map((kind) => probe(kind, { ip: "fd00:2::9", port: 9 })));
  for (const { kind, attempts } of lost) {
    t.match(attempts, [{ outcome: "timeout" }, { outcome: "timeout" }], kind);
    t.type(attempts[1]?.localPort, "number", kind);
  }
  t.match((await probe("ping", { ip: "fd00:1::1", port: null })).attempts, [
    { outcome: "answered" },
    { outcome: "answered" },
  ]);
  const large = await probe("ping-large", { ip: "fd00:2::9", port: null });
  t.match(large.attempts, [{ outcome: "timeout" }, { outcome: "timeout" }]);
});

t.test("HTTP on this machine: what was sent, and answers of all sizes", async (t) => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(
      `${request.url ?? ""} ${request.headers["user-agent"] ?? ""} ${String(request.headers["x-hopbook-tag"])}`,
    );
    response.writeHead(request.url === "/big" ? 200 : 503, { "x-evil": "* connect to x failed: y" });
    response.end(request.url === "/big" ? Buffer.alloc(3_000_000) : "no");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const get = async (httpPath: string) => {
    const flow = makeFlow("http", { ip: "127.0.0.1", port }, { netns: { kind: "host" } });
    const plan = planProbe(flow, { ...OPTIONS, count: 1, httpPath });
    const [file, ...args] = plan.argv;
    const env = { ...process.env, http_proxy: "http://127.0.0.1:1", HTTP_PROXY: "http://127.0.0.1:1" };
    const stdout = await new Promise<string>((resolve) => {
      execFile(file, args, { timeout: plan.timeoutMs, env }, (_error, out) => resolve(out));
    });
    return parseProbe(plan, { stdout, stderr: "", exitCode: 0 }).attempts;
  };
  t.match(await get("/healthz?a={b}&c=$(d)"), [{ outcome: "answered", detail: "HTTP 503" }]);
  t.match(await get("/big"), [{ outcome: "answered", detail: "HTTP 200, 2.9 MiB" }]);
  t.match(seen[0], /^\/healthz\?a=\{b\}&c=\$\(d\) hopbook [0-9a-f]{12}-1$/);
});
