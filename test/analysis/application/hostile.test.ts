import t from "tap";
import { readDns, readDnsOverTcp } from "../../../lib/analysis/application/dns.js";
import { readHttpRequest, readHttpStatus } from "../../../lib/analysis/application/http.js";
import { readTls } from "../../../lib/analysis/application/tls.js";
import { fc } from "../../fixtures/property.js";
import { concat } from "../helpers/packets.js";
import { NAMED_CERTIFICATE } from "./certificates.js";
import { certificates, clientHello, dns, record, serverHello } from "./messages.js";

const READERS = [readDns, readDnsOverTcp, readHttpRequest, readHttpStatus, readTls];
const SEEDS = [
  dns({ isAnswer: true, answers: [{ type: 5, data: [0xc0, 12] }] }),
  Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
  Buffer.from("HTTP/1.1 200 OK\r\n\r\n"),
  record(22, clientHello({ serverName: "a.b", protocols: ["h2"] })),
  concat(record(22, serverHello({ version: 0x0304 })), record(22, certificates(NAMED_CERTIFICATE))),
];

t.test("no reader throws, nor reads what is outside the payload, whatever the bytes", async (t) => {
  const change = fc.tuple(fc.nat(2000), fc.integer({ min: 0, max: 255 }));
  const cases = fc.tuple(fc.constantFrom(...SEEDS), fc.array(change, { maxLength: 6 }), fc.nat(2000));
  fc.assert(
    fc.property(cases, fc.uint8Array({ maxLength: 64 }), ([seed, changes, cut], noise) => {
      const payload = Buffer.from(seed);
      for (const [at, value] of changes) payload[at % payload.length] = value;
      for (const bytes of [payload.subarray(0, cut % (payload.length + 1)), payload, noise]) {
        for (const read of READERS) {
          const found = [0x00, 0xff].map((fill) => {
            const around = concat([fill, fill], bytes, Buffer.alloc(300, fill));
            return JSON.stringify(read(around, 2, 2 + bytes.length));
          });
          if (found[0] !== found[1]) return false;
        }
      }
      return true;
    }),
    { numRuns: 1500 },
  );
  t.pass();
});
