import t from "tap";
import { dns, overTcp, type DnsOptions } from "../messages.js";
import { lines, Stream, Talk } from "./talk.js";

const A = { type: 1, data: [10, 96, 0, 80] };
const PORTS = { client: 5000, server: 53 };

function ask(talk: Talk, o: DnsOptions, tookMs = 1): Talk {
  talk.udp("client", PORTS, dns({ ...o, answers: [], rcode: 0 })).wait(tookMs);
  return talk.udp("server", PORTS, dns({ ...o, isAnswer: true }));
}

let id = 0;
const refuse = (talk: Talk, name: string, type = 1): Talk => ask(talk, { id: ++id, name, type, rcode: 3 });
const find = (talk: Talk, name: string): Talk => ask(talk, { id: ++id, name, answers: [A] });

t.test("answers by code and name", async (t) => {
  const talk = new Talk();
  find(talk, "web.example");
  ask(talk, { id: 2, type: 28 }, 5);
  ask(talk, { id: 3, rcode: 2 }, 2000);
  ask(talk, { id: 4, rcode: 5, name: "a.b" });
  ask(talk, { id: 5, name: "c.d", answerCount: 3 });
  ask(talk, { id: 6, name: "e.f", answerCount: 1 });
  refuse(talk, "gone.example", 28);
  t.strictSame(lines(talk.end()), [
    "error dns SERVFAIL for web.example. A × 1 in 2000 ms",
    "error dns REFUSED for a.b. A × 1 in 1 ms",
    "error dns NXDOMAIN for gone.example. AAAA × 1 in 1 ms",
    "ok dns web.example. A → 10.96.0.80 × 1 in 1 ms",
    "ok dns no record for web.example. AAAA × 1 in 5 ms",
    "ok dns c.d. A → 3 records × 1 in 1 ms",
    "ok dns e.f. A → 1 record × 1 in 1 ms",
  ]);
});

t.test(
  "questions without an answer, asked again, and answers without a question or given twice",
  async (t) => {
    const talk = new Talk();
    const question = dns({ id: 9 });
    talk.udp("client", PORTS, question).wait(5000).udp("client", PORTS, question).wait(1);
    talk.udp("client", PORTS, dns({ id: 10, name: "late.example" }));
    t.strictSame(lines(talk.end(500)), ["none dns no answer for web.example. A × 1"]);
    const strays = new Talk();
    const answer = dns({ id: 9, isAnswer: true, answers: [A] });
    strays.udp("server", PORTS, answer).udp("client", PORTS, answer).udp("server", PORTS, question);
    strays.udp("server", PORTS, dns({ id: 8, isAnswer: true, rcode: 3 }));
    strays.udp("client", PORTS, question).udp("server", PORTS, answer).udp("server", PORTS, answer);
    strays.udp("client", PORTS, question).wait(2).udp("server", PORTS, answer);
    t.strictSame(lines(strays.end()), [
      "error dns NXDOMAIN for web.example. A × 1",
      "ok dns web.example. A → 10.96.0.80 × 3 in 2 ms",
    ]);
    const nameless = Buffer.concat([Buffer.from("0001818500000000", "hex"), Buffer.alloc(4)]);
    t.strictSame(lines(new Talk().udp("server", PORTS, nameless).end()), [
      "error dns REFUSED for a name that was not captured.  × 1",
    ]);
  },
);

t.test("more questions at once than are kept: the oldest have no answer", async (t) => {
  const talk = new Talk();
  ask(talk, { id: 0, answers: [A] });
  for (let number = 1; number <= 1030; number++) talk.udp("client", PORTS, dns({ id: number }));
  t.strictSame(lines(talk.end(0)), [
    "none dns no answer for web.example. A × 6",
    "ok dns web.example. A → 10.96.0.80 × 1 in 1 ms",
  ]);
});

t.test("the walk through the search domains is one line", async (t) => {
  const walk = (talk: Talk): void => {
    for (const domain of ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "internal"])
      for (const type of [1, 28]) refuse(talk, `web.${domain}`, type);
  };
  const talk = new Talk();
  walk(talk);
  find(talk, "web");
  walk(talk);
  find(talk, "web");
  t.strictSame(lines(talk.end()), ["ok dns web → NXDOMAIN for 4 names before it, then answered × 2 in 9 ms"]);
  const vain = new Talk();
  walk(vain);
  walk(vain);
  t.strictSame(lines(vain.end()), [
    "error dns web → NXDOMAIN for all 4 names that were asked for × 2 in 8 ms",
  ]);
  const dotted = new Talk();
  refuse(dotted, "web.shop");
  find(dotted, "web.shop.svc.local");
  t.strictSame(lines(dotted.end()), [
    "ok dns web.shop → NXDOMAIN for 1 name before it, then answered × 1 in 2 ms",
  ]);
  const deep = new Talk();
  for (const name of ["api.github.com.svc.local", "api.github.com.local"]) refuse(deep, name);
  find(deep, "api.github.com");
  t.strictSame(lines(deep.end()), [
    "ok dns api.github.com → NXDOMAIN for 2 names before it, then answered × 1 in 3 ms",
  ]);
});

t.test("names that are refused apart, or long before, are no walk", async (t) => {
  const talk = new Talk();
  refuse(talk, "web.a").wait(20_000);
  find(talk, "web.b");
  refuse(talk, "other.a").wait(20_000);
  refuse(talk, "other.a");
  t.strictSame(lines(talk.end()), [
    "error dns NXDOMAIN for other.a. A × 2 in 1 ms",
    "error dns NXDOMAIN for web.a. A × 1 in 1 ms",
    "ok dns web.b. A → 10.96.0.80 × 1 in 1 ms",
  ]);
  const many = new Talk();
  for (let number = 0; number < 65; number++) refuse(many, `n${number}.example`);
  t.equal(many.end().length, 33);
  const long = new Talk();
  for (let number = 0; number < 66; number++) refuse(long, `web.n${number}`);
  t.strictSame(lines(long.end()), [
    "error dns web → NXDOMAIN for all 64 names that were asked for × 1 in 64 ms",
    "error dns web → NXDOMAIN for all 2 names that were asked for × 1 in 2 ms",
  ]);
});

t.test("over TCP: several messages in a segment, and one over several", async (t) => {
  const talk = new Talk();
  const stream = new Stream(talk, PORTS).open();
  const questions = [dns({ id: 1 }), dns({ id: 2, type: 28 })].map(overTcp);
  stream.say("client", Buffer.concat(questions));
  const answers = [
    overTcp(dns({ id: 1, isAnswer: true, answers: [A, { type: 16, data: Buffer.alloc(3000, 65) }] })),
    overTcp(dns({ id: 2, isAnswer: true })),
  ];
  const bytes = Buffer.concat(answers);
  for (let at = 0; at < bytes.length; at += 1000) stream.say("server", bytes.subarray(at, at + 1000));
  stream.wait(1).segment("server", "R");
  t.strictSame(lines(talk.end()), [
    "error tcp broken off by the server with a reset, after data of the server × 1 in 1 ms",
    "ok dns web.example. A → 10.96.0.80 × 1 in 0 ms",
    "ok dns no record for web.example. AAAA × 1 in 0 ms",
  ]);
  const junk = new Talk();
  new Stream(junk, PORTS).open().say("client", Buffer.alloc(100));
  t.strictSame(lines(junk.end()), ["ok tcp connected × 1 in 2 ms"]);
});
