import t from "tap";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";
import { parseProbe, planProbe } from "../../../lib/traffic/index.js";
import { makeFlow, OPTIONS } from "../flows.js";

/** A real TLS server that waits for its client and keeps the connection open, greeted on a node that has neither perl nor python. */

const has = (...argv: readonly [string, ...string[]]): boolean =>
  spawnSync(argv[0], argv.slice(1)).status === 0;
const skip = !has("bash", "--version") ? "no bash" : !has("openssl", "version") && "no openssl";

t.test("its certificate is read by bash alone", { skip }, async (t) => {
  const dir = t.testdir({});
  const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"],
    ...["-keyout", key, "-out", cert, "-subj", "/CN=web.shop", "-addext", "subjectAltName=DNS:web.shop"],
  ]);
  t.equal(made.status, 0, made.stderr.toString());
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const flow = makeFlow("tls", { ip: "127.0.0.1", port });
  const plan = planProbe(flow, { ...OPTIONS, count: 1, timeoutMs: 5000, serverName: "web.shop" });
  const script = plan.argv.indexOf("-c");
  const words = plan.argv.slice(script + 1);
  const alone = (words[0] ?? "").replace(/^starts\(\) .*$/m, "starts() { false; }");
  t.not(alone, words[0]);
  const probe = spawn("sh", ["-c", alone, ...words.slice(1)], { stdio: ["ignore", "pipe", "ignore"] });
  let stdout = "";
  probe.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("latin1")));
  const exitCode = await new Promise<number | null>((resolve) => probe.once("close", resolve));
  const record = parseProbe(plan, { stdout, stderr: "", exitCode });
  t.equal(record.way, "bash");
  t.match(
    record.attempts,
    [{ outcome: "answered", tls: { version: "TLS 1.2", names: ["web.shop"] } }],
    stdout,
  );
});
