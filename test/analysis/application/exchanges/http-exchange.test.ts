import t from "tap";
import { lines, Stream, Talk } from "./talk.js";

const PORTS = { client: 40_000, server: 80 };
const GET = "GET /slow HTTP/1.1\r\nHost: web\r\n\r\n";
const http = (talk: Talk): Stream => new Stream(talk, PORTS).open();

t.test("answers by their status, with the time they took", async (t) => {
  const talk = new Talk();
  const stream = http(talk).say("client", GET).wait(7).say("server", "HTTP/1.1 100 Continue\r\n\r\n");
  stream.wait(3).say("server", "HTTP/1.1 200 OK\r\n\r\nbody").say("server", "HTTP but a body");
  stream.say("client", "POST / HTTP/1.0\r\n\r\n").say("client", "a body").wait(1);
  stream
    .say("server", "HTTP/1.1 503\r\n\r\n")
    .say("server", "HTTP/1.1 101 Switching Protocols\r\n\r\n")
    .close();
  t.strictSame(lines(talk.end()), [
    "error http HTTP 503 × 1 in 1 ms",
    "ok http HTTP 200 OK × 1 in 10 ms",
    "ok http HTTP 101 Switching Protocols × 1",
    "ok tcp connected × 1 in 2 ms",
  ]);
});

t.test(
  "a segment that comes again is no other request; one that was lost is read when it comes",
  async (t) => {
    const talk = new Talk();
    const stream = http(talk);
    const [head, more] = [Buffer.from(GET), Buffer.from("more")];
    stream.raw("client", { flags: "P.", seq: 101 + head.length, payload: more });
    for (let times = 0; times < 3; times++) stream.raw("client", { flags: "P.", seq: 101, payload: head });
    stream.next.client += head.length + more.length;
    stream.segment("server", "P.", "HTTP/1.1 204 No Content\r\n\r\n").segment("client", ".");
    t.strictSame(lines(talk.end()), [
      "ok http HTTP 204 No Content × 1 in 0 ms",
      "ok tcp connected × 1 in 2 ms",
    ]);
  },
);

t.test("a request that is not answered, and a reset that says what was before it", async (t) => {
  const talk = new Talk();
  http(talk).say("client", GET).wait(3000).segment("server", "R");
  t.strictSame(lines(talk.end()), [
    "error tcp broken off by the server with a reset, after GET /slow × 1 in 3000 ms",
    "none http no answer to GET /slow × 1",
  ]);
  const open = new Talk();
  http(open).say("client", GET);
  t.strictSame(lines(open.end(500)), ["ok tcp connected × 1 in 2 ms"]);
  const many = new Talk();
  const stream = http(many);
  for (let times = 0; times < 40; times++) stream.say("client", GET);
  t.strictSame(lines(many.end()), ["none http no answer to GET /slow × 32", "ok tcp connected × 1 in 2 ms"]);
});

t.test("a server that speaks first, and what is spoken is not known", async (t) => {
  const late = new Talk();
  new Stream(late, PORTS).say("server", "HTTP/1.1 502 Bad Gateway\r\n\r\n").segment("client", "R");
  t.strictSame(lines(late.end()), [
    "error http HTTP 502 Bad Gateway × 1",
    "ok tcp closed by the client with a reset, after HTTP 502 Bad Gateway × 1 in 0 ms",
  ]);
  const talk = new Talk();
  const stream = http(talk);
  for (let times = 0; times < 9; times++) stream.say("server", "SSH-2.0-x");
  stream.say("client", GET).say("server", "HTTP/1.1 200 OK\r\n\r\n");
  t.strictSame(lines(talk.end()), ["ok tcp connected × 1 in 2 ms"]);
});
