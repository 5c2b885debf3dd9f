import t from "tap";
import { X509Certificate } from "node:crypto";
import { Mapping } from "../../../lib/share/mapping/mapping.js";
import { mapCertificateLines } from "../../../lib/share/text/answers.js";
import { mapCertificate, mapFlight } from "../../../lib/share/text/certificate.js";
import { readFlight } from "../../../lib/traffic/tls/flight.js";
import { NAMED_CERTIFICATE } from "../../analysis/application/certificates.js";
import { message, record, sized } from "../../traffic/tls/records.js";

const mapping = new Mapping(Buffer.alloc(32, 7));
const HELLO = message(2, Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(35, 9)]));
const CERTIFICATE = message(11, sized(3, sized(3, NAMED_CERTIFICATE)));
const FLIGHT = record(22, Buffer.concat([HELLO, CERTIFICATE, message(14, Buffer.alloc(0))]));

t.test("whom it is for and until when stay, by pseudonyms, and nothing else", (t) => {
  const der = mapCertificate(NAMED_CERTIFICATE, mapping);
  const [before, after] = [new X509Certificate(NAMED_CERTIFICATE), new X509Certificate(der ?? "")];
  t.strictSame([after.validFrom, after.validTo], [before.validFrom, before.validTo]);
  const names = `DNS:${mapping.domain("web.example")}, DNS:${mapping.domain("*.shop.example")}, IP Address:`;
  t.ok(after.subjectAltName?.startsWith(names), String(after.subjectAltName));
  t.notMatch(after.subjectAltName ?? "", /web|shop|10\.0\.0\.1$/);
  t.equal(mapCertificate(Buffer.from("none"), mapping), null);
  t.end();
});

t.test("what a probe reads of a flight is read of the shared one", (t) => {
  const read = readFlight(mapFlight(FLIGHT, mapping));
  const was = readFlight(FLIGHT);
  t.match(read, { version: "TLS 1.2", notBefore: was?.notBefore, notAfter: was?.notAfter, alert: null });
  t.strictSame(
    read?.names.slice(0, 2),
    ["web.example", "*.shop.example"].map((name) => mapping.domain(name)),
  );
  const alert = record(21, Buffer.from([2, 40]));
  t.same(mapFlight(alert, mapping), alert);
  t.match(readFlight(mapFlight(Buffer.concat([record(21, Buffer.from([1, 112])), FLIGHT]), mapping)), {
    alert: null,
    version: "TLS 1.2",
  });
  for (let length = 0; length < FLIGHT.length; length += 7) {
    const mapped = mapFlight(FLIGHT.subarray(0, length), mapping);
    t.notOk(mapped.includes("web.example"), `cut at ${length}`);
    t.equal(readFlight(mapped)?.version ?? null, readFlight(FLIGHT.subarray(0, length))?.version ?? null);
  }
  t.end();
});

t.test("lines of base64, in texts within texts", (t) => {
  const chunks = NAMED_CERTIFICATE.toString("base64").match(/.{1,64}/g) ?? [];
  for (const joint of ["\n", "\\n", "\\\\n"]) {
    const mapped = mapCertificateLines(chunks.map((chunk) => `cert 1 ${chunk}`).join(joint), mapping);
    const base64 = mapped.split(joint).map((line) => line.replace(/^cert 1 /, ""));
    t.match(
      new X509Certificate(Buffer.from(base64.join(""), "base64")).subjectAltName,
      mapping.domain("web.example"),
    );
  }
  t.equal(mapCertificateLines("cert 1 AAAAAAAA", mapping), "cert 1 AAAA");
  t.end();
});

t.test("a certificate whose dates are no times is none, and ends nothing", (t) => {
  const der = Buffer.from(NAMED_CERTIFICATE);
  const { validFrom } = new X509Certificate(der);
  const at = der.indexOf(Buffer.from(`${String(new Date(validFrom).getUTCFullYear()).slice(2)}`, "ascii"));
  der.fill("x", at, at + 4);
  t.match(new X509Certificate(der).validFrom, /bad time/i);
  t.equal(mapCertificate(der, mapping), null);
  t.end();
});
