import t from "tap";
import type { ProbeRecord } from "../../../lib/model/evidence.js";
import { HELLO_ALONE, judgeTls, parseProbe, planProbe } from "../../../lib/traffic/index.js";
import { NAMED_CERTIFICATE } from "../../analysis/application/certificates.js";
import { makeFlow, OPTIONS } from "../flows.js";

const CHUNKS = NAMED_CERTIFICATE.toString("base64").match(/.{1,64}/g) ?? [];
const TO = { ip: "10.1.1.5", port: 8080 };
const plan = planProbe(makeFlow("https", TO), { ...OPTIONS, count: 2, serverName: "web.example." });
const parse = (...lines: readonly string[]): ProbeRecord =>
  parseProbe(plan, { stdout: ["way openssl", ...lines, "done", ""].join("\n"), stderr: "", exitCode: 0 });
const SECURED = "TLSv1.3 TLS_AES_256_GCM_SHA384 18 (self-signed certificate)";
const REPLY = Buffer.from("HTTP/1.1 503 S").toString("hex");

t.test("the request names the server as a browser does, and its address where it has no name", (t) => {
  t.match(plan.argv.join("\n"), "\nhopbook-probe-https\nhttps\n10.1.1.5\n8080\n");
  const payloadOf = (serverName: string): string | undefined =>
    planProbe(makeFlow("https", TO), {
      ...OPTIONS,
      serverName,
      httpPath: "/a",
    }).argv.at(-1);
  t.match(plan.argv.at(-2), /^1 web\.example [0-9a-f]+-1 \/ web\.example:8080 (\\x[0-9a-f]{2})+$/);
  t.match(payloadOf(""), /^\d+ - [0-9a-f]+-\d+ \/a 10\.1\.1\.5:8080 \S+$/);
  t.match(payloadOf("10.1.1.9"), /^\d+ - \S+ \/a 10\.1\.1\.5:8080 \S+$/, "an address is no SNI");
  t.end();
});

t.test("where the node has no openssl, what the server answers a hello is read, and no page", (t) => {
  const sized = (lengthBytes: number, data: Buffer): Buffer => {
    const length = Buffer.alloc(lengthBytes);
    length.writeUIntBE(data.length, 0, lengthBytes);
    return Buffer.concat([length, data]);
  };
  const hello = Buffer.concat([Buffer.from([2, 0, 0, 37, 3, 3]), Buffer.alloc(35)]);
  const certificate = Buffer.concat([Buffer.from([11]), sized(3, sized(3, sized(3, NAMED_CERTIFICATE)))]);
  const flight = Buffer.concat([Buffer.from([22, 3, 3]), sized(2, Buffer.concat([hello, certificate]))]);
  const stdout = `way hello\nattempt 1 1795236656000001 40001 9000 reply ${flight.toString("hex")} flight\ndone\n`;
  const { kind, way, attempts } = parseProbe(plan, { stdout, stderr: "", exitCode: 0 });
  t.strictSame([kind, way], ["https", HELLO_ALONE]);
  t.match(attempts, [{ outcome: "answered", detail: "TLS 1.2", tls: { names: ["web.example"] } }]);
  t.notOk(attempts.some((one) => "httpMs" in one));
  t.end();
});

t.test("status, first byte, cipher, certificate and who vouches for it", (t) => {
  const { attempts, way, error } = parse(
    `secured 2 ${SECURED}`,
    `secured 1 ${SECURED}`,
    ...CHUNKS.map((chunk) => `cert 1 ${chunk}`),
    "timed 1 201500",
    `attempt 1 1795236656000001 40001 210000 reply ${REPLY} body 3772`,
    `attempt 2 1795236656000002 40002 9000 connected - alert 116`,
  );
  t.strictSame([way, error], ["openssl", null]);
  const facts = {
    ...{ version: "TLS 1.3", cipher: "TLS_AES_256_GCM_SHA384", notAfter: "2126-11-05T07:05:42.000Z" },
    names: ["web.example", "*.shop.example", "10.0.0.1"],
    verification: { isTrusted: false, said: "self-signed certificate" },
  };
  t.match(attempts, [
    { outcome: "answered", detail: "HTTP 503", httpMs: 201.5, tls: { ...facts, alert: null } },
    { outcome: "answered", detail: "alert certificate_required", tls: { alert: "certificate_required" } },
  ]);
  t.notOk(attempts[1]?.httpMs);
  const [first] = attempts;
  const http = { said: "HTTP 503", tookMs: 201.5 };
  const answer = { flowId: "f0", said: "HTTP 503", serverName: "web.example", atSec: 1_795_960_000 };
  const judged = judgeTls({ ...answer, facts: first?.tls ?? null, http });
  t.equal(judged.code, null);
  t.match(
    judged.summary,
    /^TLS 1\.3 \(TLS_AES_256_GCM_SHA384\), certificate for web\.example, .*, valid until 2126-.*, which the node's own authorities do not vouch for \(self-signed certificate\); HTTP 503, its first byte after 202 ms$/,
  );
  const trusted = { ...first?.tls, verification: { isTrusted: true, said: "ok" } };
  const vouched = judgeTls({
    ...answer,
    facts: { version: null, names: [], notBefore: null, notAfter: null, alert: null, ...trusted },
    http: { said: "HTTP 200", tookMs: null },
  });
  t.match(vouched.summary, /which the node's own authorities vouch for; HTTP 200$/);
  t.end();
});

t.test(
  "what keeps TLS from standing: an alert, no TLS, an end without a word, a refusal, no openssl",
  (t) => {
    const said = (text: string): unknown => {
      const [attempt] = parse(`attempt 1 1795236656000001 40001 9000 connected - ${text}`).attempts;
      return [attempt?.outcome, attempt?.detail, attempt?.tls?.alert];
    };
    t.strictSame(said("alert 40"), ["answered", "alert handshake_failure", "handshake_failure"]);
    t.strictSame(said("alert 250"), ["answered", "alert alert 250", "alert 250"]);
    t.strictSame(said("wrong version number"), ["answered", "not TLS", undefined]);
    t.strictSame(said("unexpected eof while reading"), [
      "error",
      "it closed the connection without an answer",
      undefined,
    ]);
    t.strictSame(said("Connection refused"), ["refused", "connection refused", undefined]);
    t.strictSame(said(""), ["timeout", "connected, then no answer", undefined]);
    t.match(parse("missing openssl").error, /the node has no openssl/);
    const judged = judgeTls({
      ...{ flowId: "f0", said: "alert protocol_version", serverName: "", atSec: 1 },
      facts: { version: null, names: [], notBefore: null, notAfter: null, alert: "protocol_version" },
      http: { said: "alert protocol_version", tookMs: null },
    });
    t.equal(judged.code, "tls-alert", "openssl speaks the newer versions too: there is no common one");
    t.end();
  },
);

t.test("hostile lines are none: numbers, lengths, controls and certificates that are not", (t) => {
  const many = Array.from({ length: 5000 }, () => `cert 1 ${"A".repeat(64)}`);
  const { attempts } = parse(
    "secured 1 SSHv2 x 0 (ok)",
    `secured 1 TLSv1.3 X 18 (a\u001b[2Jb)`,
    "timed 1 99999999999",
    "timed x 1",
    ...many,
    `attempt 1 1795236656000001 40001 210000 reply ${REPLY} body 1`,
  );
  t.match(attempts, [{ detail: "HTTP 503", tls: { names: [], verification: { said: "a?[2Jb" } } }]);
  t.notOk(attempts[0]?.httpMs);
  t.end();
});
