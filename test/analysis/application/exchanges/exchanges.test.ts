import t from "tap";
import { arp, ethernet, icmp, ip } from "../../helpers/packets.js";
import { dns } from "../messages.js";
import { lines, Stream, Talk } from "./talk.js";

t.test("echo: answered, not answered, and asked too late to say", async (t) => {
  const talk = new Talk();
  talk.icmp("client", 8, 1).wait(3).icmp("server", 0, 1).icmp("server", 0, 1);
  talk.icmp("client", 8, 2).icmp("client", 8, 2).wait(2000).icmp("client", 8, 3).icmp("client", 3, 0);
  t.strictSame(lines(talk.end(500)), [
    "none icmp echo not answered × 1",
    "ok icmp echo answered × 1 in 3 ms",
  ]);
  const six = new Talk(["fd00::1", "fd00::2"]);
  six.ip("client", 1, icmp(128, 0, { id: 1, seq: 1 })).wait(1);
  six.ip("server", 1, icmp(129, 0, { id: 1, seq: 1 }));
  t.strictSame(lines(six.end()), ["ok icmp echo answered × 1 in 1 ms"]);
});

t.test("more echoes at once than are kept: the oldest have no answer", async (t) => {
  const talk = new Talk();
  for (let seq = 0; seq < 1030; seq++) talk.icmp("client", 8, seq);
  t.strictSame(lines(talk.end(0)), ["none icmp echo not answered × 6"]);
});

t.test("datagrams: answered, one-way, and without an answer where one is due", async (t) => {
  const talk = (server = 9999): Talk => new Talk().udp("client", { client: 1, server });
  t.strictSame(lines(talk().udp("client", { client: 2, server: 9999 }).end()), [
    "oneWay udp sent, and nothing came back × 2",
  ]);
  t.strictSame(lines(talk(123).end()), ["none udp not answered × 1"]);
  t.strictSame(lines(talk().end(5000, true)), ["none udp not answered × 1"]);
  t.strictSame(lines(talk(123).end(500)), [], "it may have come later");
  const some = talk().wait(4).udp("server", { client: 1, server: 9999 });
  some.udp("server", { client: 1, server: 9999 }).udp("server", { client: 7, server: 9999 });
  some.udp("client", { client: 1, server: 9999 }).udp("client", { client: 1, server: 9999 });
  some.udp("client", { client: 2, server: 9999 });
  t.strictSame(lines(some.end()), ["none udp not answered × 1", "ok udp answered × 1 in 4 ms"]);
  const many = new Talk();
  for (let client = 1; client < 1027; client++) {
    many.udp("client", { client, server: 443 });
    if (client === 1) many.udp("server", { client, server: 443 });
  }
  t.strictSame(lines(many.end()), ["none udp not answered × 1025", "ok udp answered × 1 in 0 ms"]);
});

t.test("what is no DNS on its port is a datagram", async (t) => {
  const talk = new Talk().udp("client", { client: 1, server: 53 }, Buffer.from("hello"));
  t.strictSame(lines(talk.end()), ["oneWay udp sent, and nothing came back × 1"]);
});

t.test("DNS over UDP and over TCP are questions of one flow", async (t) => {
  const talk = new Talk();
  const question = dns({ id: 1, name: "Web.example" });
  talk.udp("client", { client: 7, server: 53 }, question).wait(1);
  talk.udp("server", { client: 7, server: 53 }, dns({ id: 1, isAnswer: true, flags: 0x200 }));
  t.strictSame(lines(talk.end()), [
    "ok dns truncated answer for web.example. A: to be asked again over TCP × 1 in 1 ms",
  ]);
});

t.test("who has an address: ARP", async (t) => {
  const ask = (target: string, sender = "10.0.0.1"): Buffer =>
    ethernet(arp({ operation: 1, sender, target }), { type: 0x0806 });
  const answer = (sender: string, lastOfMac = 7): Buffer => {
    const message = arp({ operation: 2, sender, target: "10.0.0.1" });
    message[8 + 5] = lastOfMac;
    return ethernet(message, { type: 0x0806 });
  };
  const talk = new Talk();
  talk.frame("client", ask("10.0.0.2")).wait(2).frame("server", answer("10.0.0.2"));
  talk.frame("server", answer("10.0.0.2", 8));
  talk.frame("client", ask("10.0.0.3")).wait(1000).frame("client", ask("10.0.0.3"));
  talk.frame("client", ask("10.0.0.1")).frame("client", ask("10.0.0.4", "0.0.0.0"));
  talk.frame("server", answer("10.0.0.9")).wait(2000).frame("client", ask("10.0.0.2"));
  talk.frame("client", ask("10.0.0.5"));
  t.strictSame(lines(talk.end(500)), [
    "none arp nobody answers for 10.0.0.3 × 2",
    "ok arp 10.0.0.2 is at 02:00:00:00:00:07 × 1 in 2 ms",
    "ok arp 10.0.0.2 is at 02:00:00:00:00:08 × 1",
  ]);
  const many = new Talk();
  for (let last = 0; last < 257; last++)
    many.frame("client", ask(`10.0.${last >> 8}.${last & 255}`, "10.9.9.9"));
  t.match(lines(many.end(0)), ["none arp nobody answers for 10.0.0.0 × 1"]);
});

t.test("who has an address: neighbour discovery", async (t) => {
  const target = Buffer.from("fd000000000000000000000000000002", "hex");
  const solicit = icmp(135, 0, { payload: target });
  const mac = Buffer.from([2, 1, 2, 0, 0, 0, 0, 9]);
  const talk = new Talk(["fd00::1", "fd00::2"]);
  talk.ip("client", 1, solicit).wait(1);
  talk.ip("server", 1, icmp(136, 0, { payload: Buffer.concat([target, mac]) })).ip("client", 1, solicit);
  talk.ip("server", 1, icmp(136, 0, { payload: target }));
  const probe = ip({ source: "::", destination: "ff02::1", protocol: 58 }, solicit);
  talk.frame("client", ethernet(probe));
  t.strictSame(lines(talk.end()), [
    "ok nd fd00::2 is at 02:00:00:00:00:09 × 1 in 1 ms",
    "ok nd fd00::2 is at a MAC it does not tell × 1 in 0 ms",
  ]);
});

t.test("nothing is said of what was not read to its end", async (t) => {
  const talk = new Talk();
  talk.ip("client", 47, Buffer.alloc(8)).frame("client", Buffer.alloc(20));
  const fragment = { source: "10.0.0.1", destination: "10.0.0.2", protocol: 17, fragmentOffset: 1480 };
  talk.frame("client", ethernet(ip(fragment, Buffer.alloc(100))));
  t.strictSame(talk.end(), []);
});

t.test("times: least, median, most, over more than are kept", async (t) => {
  const talk = new Talk();
  for (let seq = 0; seq < 1000; seq++)
    talk
      .icmp("client", 8, seq)
      .wait(seq + 1)
      .icmp("server", 0, seq);
  const [finding] = talk.end();
  t.match(finding, { count: 1000, tookMs: { least: 1, most: 1000 } });
  const { median } = finding!.tookMs!;
  t.ok(median > 450 && median < 550, String(median));
});

t.test("more kinds of outcome than are told share an entry each", async (t) => {
  const talk = new Talk();
  const stream = new Stream(talk, { client: 1, server: 80 }).open();
  for (let code = 400; code < 450; code++)
    stream.say("client", "GET / HTTP/1.1\r\n\r\n").say("server", `HTTP/1.1 ${code} x\r\n\r\n`);
  stream.say("client", "GET / HTTP/1.1\r\n\r\n").say("server", "HTTP/1.1 200 OK\r\n\r\n");
  const found = talk.end();
  t.equal(found.length, 35);
  t.ok(lines(found).includes("error http others: errors × 18 in 0 ms"));
  t.ok(lines(found).includes("ok http others: answered × 1 in 0 ms"));
  t.ok(lines(found).includes("ok tcp others: answered × 1 in 2 ms"));
});
