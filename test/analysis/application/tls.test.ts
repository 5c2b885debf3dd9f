import t from "tap";
import { isNamed, namesOfCertificate } from "../../../lib/analysis/application/certificate.js";
import { isTls, readTls, type TlsMessage } from "../../../lib/analysis/application/tls.js";
import { nameAlert, nameVersion } from "../../../lib/analysis/application/tls-words.js";
import { concat } from "../helpers/packets.js";
import { COMMON_CERTIFICATE, NAMED_CERTIFICATE, NAMELESS_CERTIFICATE } from "./certificates.js";
import { certificates, clientHello, handshake, record, serverHello } from "./messages.js";
import { padded } from "./padded.js";

const read = (payload: Uint8Array): readonly TlsMessage[] => padded(payload, readTls);
const NAMES = ["web.example", "*.shop.example", "10.0.0.1"];

t.test("a ClientHello: whom it asks for, and what it would speak", async (t) => {
  const hello = record(22, clientHello({ serverName: "web.example", protocols: ["h2", "http/1.1"] }));
  t.strictSame(read(hello), [
    { kind: "clientHello", serverName: "web.example", protocols: ["h2", "http/1.1"] },
  ]);
  t.strictSame(read(record(22, clientHello())), [{ kind: "clientHello", serverName: null, protocols: [] }]);
  for (let length = 0; length < hello.length; length++) {
    const found = read(hello.subarray(0, length));
    t.equal(found.length, length < 5 + 4 + 34 ? 0 : 1, `cut to ${length}`);
  }
});

t.test("a ServerHello: the version that is spoken", async (t) => {
  t.strictSame(read(record(22, serverHello())), [{ kind: "serverHello", version: 0x0303, isRetry: false }]);
  t.match(read(record(22, serverHello({ version: 0x0304 }))), [{ version: 0x0304 }]);
  const random = concat([0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11], Buffer.alloc(24));
  t.match(read(record(22, serverHello({ random }))), [{ isRetry: true }]);
  t.strictSame(read(record(22, handshake(2, [3, 3]))), []);
  const hello = record(22, serverHello({ version: 0x0304 }));
  for (let length = 0; length < hello.length; length++) t.ok(read(hello.subarray(0, length)).length <= 1);
});

t.test("a flight of TLS 1.2: hello and certificate, in one record or in two", async (t) => {
  const chain = certificates(NAMED_CERTIFICATE, COMMON_CERTIFICATE);
  const expected = [
    { kind: "serverHello", version: 0x0303, isRetry: false },
    { kind: "certificate", names: NAMES },
  ];
  t.strictSame(read(record(22, concat(serverHello(), chain, handshake(14, [])))), expected);
  t.strictSame(read(concat(record(22, serverHello()), record(22, chain))), expected);
  t.strictSame(read(record(22, chain).subarray(0, 200)), [{ kind: "certificate", names: [] }], "cut short");
  t.strictSame(read(record(22, handshake(11, [0, 0, 0]))), [], "none");
});

t.test("alerts in plain, and nothing of what is encrypted", async (t) => {
  t.strictSame(read(record(21, [2, 40])), [{ kind: "alert", isFatal: true, description: 40 }]);
  t.strictSame(read(record(21, [1, 0])), [{ kind: "alert", isFatal: false, description: 0 }]);
  t.strictSame(read(record(21, Buffer.alloc(26))), []);
  t.strictSame(read(record(21, [2, 40]).subarray(0, 6)), []);
  t.strictSame(read(concat(record(20, [1]), record(22, clientHello()))), [{ kind: "changed" }]);
  t.strictSame(read(record(23, [1, 2, 3])), []);
});

t.test("no TLS", async (t) => {
  const heads = [
    [22, 3, 1, 0],
    [19, 3, 1, 0, 9],
    [24, 3, 1, 0, 9],
    [22, 2, 1, 0, 9],
    [22, 3, 5, 0, 9],
    [22, 3, 1, 0, 0],
    [22, 3, 1, 0xff, 0xff],
  ];
  for (const head of heads) t.equal(padded(Uint8Array.from(head), isTls), false, String(head));
});

t.test("hostile: many records, many messages, many extensions and protocols", async (t) => {
  const alerts = concat(...new Array<Buffer>(100).fill(record(21, [2, 40])));
  t.equal(read(alerts).length, 16);
  const hellos = concat(...new Array<Buffer>(100).fill(serverHello()));
  t.equal(read(record(22, hellos)).length, 16);
  const more = new Array<Buffer>(100).fill(Buffer.from([0xfa, 0xfa, 0, 0]));
  t.match(read(record(22, clientHello({ more, serverName: "late" }))), [{ serverName: null }]);
  t.match(read(record(22, clientHello({ protocols: new Array<string>(20).fill("x") }))), [
    { protocols: new Array<string>(8).fill("x") },
  ]);
});

t.test("whom a certificate is for", async (t) => {
  t.strictSame(namesOfCertificate(NAMED_CERTIFICATE), NAMES);
  t.strictSame(namesOfCertificate(COMMON_CERTIFICATE), ["old.example"]);
  t.strictSame(namesOfCertificate(NAMELESS_CERTIFICATE), []);
  t.strictSame(namesOfCertificate(NAMED_CERTIFICATE.subarray(0, 100)), []);
  t.ok(isNamed("Web.example", NAMES));
  t.ok(isNamed("a.shop.example", NAMES));
  t.notOk(isNamed("shop.example", NAMES));
  t.notOk(isNamed("a.b.shop.example", NAMES));
});

t.test("alerts and versions have their names", async (t) => {
  t.equal(nameAlert(112), "unrecognized_name");
  t.equal(nameAlert(250), "alert 250");
  t.equal(nameVersion(0x0304), "TLS 1.3");
  t.equal(nameVersion(0x0305), "TLS version 0x0305");
});
