import t from "tap";
import { readTls } from "../../../lib/analysis/application/tls.js";
import { parseProbe, planProbe } from "../../../lib/traffic/index.js";
import { judgeTls } from "../../../lib/traffic/tls/judge-tls.js";
import { buildClientHello } from "../../../lib/traffic/tls/client-hello.js";
import { readFlight } from "../../../lib/traffic/tls/flight.js";
import { NAMED_CERTIFICATE } from "../../analysis/application/certificates.js";
import { makeFlow, OPTIONS } from "../flows.js";
import { message, record, sized } from "./records.js";

const HELLO = message(2, Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(35)]));
const certificate = (der: Buffer): Buffer => message(11, sized(3, sized(3, der)));
const FLIGHT = record(
  22,
  Buffer.concat([HELLO, certificate(NAMED_CERTIFICATE), message(14, Buffer.alloc(0))]),
);

t.test("the hello is one that is read as such, with the name that is asked for", (t) => {
  const read = (name: string): unknown => {
    const hello = buildClientHello(name, "seed");
    return readTls(hello, 0, hello.length);
  };
  t.match(read("web.shop"), [{ kind: "clientHello", serverName: "web.shop" }]);
  t.match(read(""), [{ kind: "clientHello", serverName: null }]);
  t.match(read("10.0.0.1"), [{ serverName: null }], "an address is no SNI (RFC 6066, 3)");
  t.match(read("fd00::1"), [{ serverName: null }]);
  t.same(buildClientHello("web", "a"), buildClientHello("web", "a"));
  t.notSame(buildClientHello("web", "a"), buildClientHello("web", "b"));
  t.end();
});

t.test("what a flight says: version, names, dates, an alert", (t) => {
  t.match(readFlight(FLIGHT), {
    ...{ version: "TLS 1.2", names: ["web.example", "*.shop.example", "10.0.0.1"], alert: null },
    ...{ notBefore: "2026-11-29T07:05:42.000Z", notAfter: "2126-11-05T07:05:42.000Z" },
  });
  const parted = Buffer.concat([record(22, HELLO), record(22, certificate(NAMED_CERTIFICATE))]);
  t.same(readFlight(parted), readFlight(FLIGHT), "in records of their own");
  t.match(readFlight(FLIGHT.subarray(0, 300)), { version: "TLS 1.2", names: [], notAfter: null }, "cut");
  t.match(readFlight(record(21, Buffer.from([2, 40]))), { version: null, alert: "handshake_failure" });
  t.match(readFlight(record(21, Buffer.from([2, 200]))), { alert: "alert 200" });
  const warned = Buffer.concat([record(21, Buffer.from([1, 112])), FLIGHT]);
  t.match(readFlight(warned), { alert: null, version: "TLS 1.2" }, "a warning ends nothing");
  t.equal(readFlight(Buffer.from("HTTP/1.1 400 Bad Request")), null);
  t.equal(readFlight(Buffer.alloc(0)), null);
  t.end();
});

t.test("whatever bytes come, it is read or not, and never more", (t) => {
  for (let at = 0; at < FLIGHT.length; at += 3) {
    const changed = Buffer.from(FLIGHT);
    changed[at] = (changed[at] ?? 0) ^ 0xff;
    t.doesNotThrow(() => readFlight(changed));
    t.doesNotThrow(() => readFlight(FLIGHT.subarray(0, at)));
  }
  t.end();
});

t.test("a wrong name, a date, an alert are told; what cannot be read is no fault", (t) => {
  const [notBefore, notAfter] = ["2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"];
  const facts = { version: "TLS 1.2", names: ["web.shop", "*.api.shop"], notBefore, notAfter, alert: null };
  const judge = (
    more: Partial<typeof facts> | { alert: string },
    serverName = "web.shop",
    at = "2026-06-01",
  ): unknown =>
    judgeTls({
      ...{ flowId: "f0", said: "", serverName, atSec: Date.parse(at) / 1000 },
      facts: { ...facts, ...more },
    });
  t.match(judge({}), { code: null, summary: /for web\.shop, \*\.api\.shop, valid until 2027-01-01/ });
  t.match(judge({}, "WEB.shop"), { code: null });
  t.match(judge({}, "v1.api.shop"), { code: null });
  t.match(judge({}, "a.v1.api.shop"), { code: "tls-wrong-name", summary: /and not for a\.v1\.api\.shop$/ });
  t.match(judge({}, "api.shop"), { code: "tls-wrong-name" });
  t.match(judge({}, ""), { code: null });
  t.match(judge({}, "web.shop", "2027-06-01"), { code: "tls-expired", summary: /which ended on 2027/ });
  t.match(judge({}, "web.shop", "2025-06-01"), { code: "tls-not-yet-valid", summary: /begins on 2026/ });
  t.match(judge({ alert: "unrecognized_name" }), { code: "tls-alert", summary: /asked for web\.shop/ });
  t.match(judge({ alert: "handshake_failure" }, ""), { code: "tls-alert", summary: /asked for no name/ });
  t.match(judge({ alert: "protocol_version" }), { code: null, summary: /newer versions than TLS 1\.2/ });
  const none = judgeTls({ flowId: "f0", facts: null, said: "no answer", serverName: "", atSec: 1 });
  t.match(none, { code: "tls-none", summary: /is no TLS: no answer$/ });
  t.match(judge({ names: [] }), { code: null, summary: /names that could not be read/ });
  t.end();
});

t.test("a probe's attempt has the facts; what is no TLS is told so", (t) => {
  const plan = planProbe(makeFlow("tls", { ip: "10.0.0.1", port: 443 }), {
    ...OPTIONS,
    serverName: "web.shop.",
  });
  t.match(
    plan.argv.join(" "),
    Buffer.from("web.shop").reduce((all, byte) => `${all}\\x${byte.toString(16)}`, ""),
  );
  const attempt = (hex: string): unknown => {
    const stdout = `way perl\nattempt 1 1 40001 2000 reply ${hex} \ndone\n`;
    return parseProbe(plan, { stdout, stderr: "", exitCode: 0 }).attempts[0];
  };
  t.match(attempt(FLIGHT.toString("hex")), {
    ...{ outcome: "answered", detail: "TLS 1.2", rttMs: 2, tls: { names: ["web.example"] } },
  });
  t.match(attempt(record(21, Buffer.from([2, 40])).toString("hex")), { detail: "alert handshake_failure" });
  t.match(attempt(Buffer.from("HTTP/1.1 400 B").toString("hex")), {
    ...{ outcome: "answered", detail: "HTTP in plain" },
  });
  t.match(attempt(Buffer.from("220 smtp ESMTP").toString("hex")), { detail: "another protocol" });
  t.throws(
    () => planProbe(makeFlow("tls", { ip: "10.0.0.1", port: 443 }), { ...OPTIONS, serverName: "a b" }),
    {
      code: "INPUT_INVALID",
    },
  );
  t.end();
});
