import t from "tap";
import { readDns, readDnsOverTcp, type DnsMessage } from "../../../lib/analysis/application/dns.js";
import { readName } from "../../../lib/analysis/application/dns-name.js";
import { nameRcode, nameType } from "../../../lib/analysis/application/dns-words.js";
import { concat } from "../helpers/packets.js";
import { dns, name, overTcp, u16 } from "./messages.js";
import { padded } from "./padded.js";

const read = (message: Uint8Array): DnsMessage | null => padded(message, readDns);

t.test("a question and its answer are read", async (t) => {
  t.strictSame(read(dns({ id: 0x1234, name: "web.shop.svc", type: 28 })), {
    id: 0x1234,
    isAnswer: false,
    authoritative: false,
    truncated: false,
    rcode: 0,
    name: "web.shop.svc",
    type: "AAAA",
    answerCount: 0,
    answers: [],
  });
  const answer = read(dns({ isAnswer: true, rcode: 3, flags: 0x600, type: 64_000 }));
  t.match(answer, { isAnswer: true, authoritative: true, truncated: true, rcode: 3, type: "TYPE64000" });
});

t.test("answers are addresses, names with their ports, or a type", async (t) => {
  const v6 = [0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 1];
  const answers = [
    { type: 5, data: concat([3], Buffer.from("cdn"), [0xc0, 12]) },
    { type: 1, data: [10, 96, 0, 80] },
    { type: 28, data: v6 },
    { type: 33, data: concat(u16(0), u16(0), u16(8080), name("a.b")) },
    { type: 1, data: [10, 96, 0, 81] },
  ];
  t.strictSame(read(dns({ isAnswer: true, answers }))?.answers, [
    "cdn.web.example",
    "10.96.0.80",
    "2001:db8::1",
    "a.b:8080",
  ]);
  const odd = [
    { type: 16, data: [1, 65] },
    { type: 1, data: [10, 96] },
    { type: 33, data: [0, 0] },
    { type: 33, data: [0, 0, 0, 0, 0, 80, 0xff, 0xff] },
  ];
  t.strictSame(read(dns({ isAnswer: true, answers: odd }))?.answers, ["TXT", "A", "SRV", "SRV"]);
  for (const type of [2, 12]) {
    const { answers: names } = read(dns({ isAnswer: true, answers: [{ type, data: name("ns.example") }] }))!;
    t.strictSame(names, ["ns.example"]);
  }
});

t.test("what is cut short is read as far as it goes", async (t) => {
  const whole = dns({ isAnswer: true, answers: [{ type: 1, data: [1, 2, 3, 4] }] });
  for (let length = 0; length <= whole.length; length++) {
    const message = read(whole.subarray(0, length));
    const nameEnd = 12 + 13 + 4;
    if (length < 12) t.equal(message, null);
    else {
      t.equal(message?.name, length < nameEnd ? null : "web.example");
      t.equal(message?.type, length < nameEnd ? null : "A");
      t.strictSame(message?.answers, length < whole.length ? [] : ["1.2.3.4"]);
    }
  }
  t.strictSame(read(dns({ isAnswer: true, answerCount: 9 }))?.answers, []);
});

t.test("without a question there is no name, and another opcode than any known is no DNS", async (t) => {
  const header = (flags: number, questions: number): Buffer =>
    concat(u16(1), u16(flags), u16(questions), u16(0), u16(0), u16(0));
  t.match(read(header(0x8005, 0)), { name: null, type: null, rcode: 5, answers: [] });
  t.match(read(concat(header(0x8000, 2), name("a"), u16(1), u16(1))), { name: "a", answers: [] });
  t.equal(read(header(15 << 11, 0)), null);
});

t.test("over TCP the length stands before it", async (t) => {
  const whole = overTcp(dns({ id: 9 }));
  t.equal(padded(concat(whole, whole), readDnsOverTcp)?.id, 9);
  t.equal(padded(whole.subarray(0, 13), readDnsOverTcp), null);
  t.equal(padded(concat(u16(5), dns({})), readDnsOverTcp), null);
});

t.test("a name: pointers lead back, labels are shown as they are", async (t) => {
  const at = (bytes: readonly number[], from = 0): string | undefined =>
    readName(Uint8Array.from(bytes), from, { at: 0, end: bytes.length })?.text;
  t.equal(at([0]), "");
  t.equal(at([1, 97, 0, 1, 98, 0xc0, 0], 3), "b.a");
  t.equal(at([3, 46, 92, 0, 1, 255, 0]), "\\.\\\\\\000.\\255");
  t.equal(at([0xc0, 0]), undefined, "to itself");
  t.equal(at([0xc0, 2, 0xc0, 0], 2), undefined, "in a circle");
  t.equal(at([1, 97, 0xc0]), undefined, "half a pointer");
  t.equal(at([5, 97, 0]), undefined, "a label that is cut");
  t.equal(at([0x41, 97, 0]), undefined, "a kind of label that there is not");
  t.equal(at([1, 97]), undefined, "no end");
  const long = new Array<number[]>(5).fill([63, ...new Array<number>(63).fill(97)]).flat();
  t.equal(at([...long, 0]), undefined, "too long");
});

t.test("types and codes have their names", async (t) => {
  t.equal(nameType(65), "HTTPS");
  t.equal(nameRcode(2), "SERVFAIL");
  t.equal(nameRcode(12), "rcode 12");
});
