import t from "tap";
import { Segments } from "../../../../lib/analysis/application/exchanges/segments.js";
import { lines, Stream, Talk } from "./talk.js";

const PORTS = { client: 40_000, server: 9999 };

/** What is said of one connection. */
function said(act: (stream: Stream) => void, afterMs = 5000): readonly string[] {
  const talk = new Talk();
  act(new Stream(talk, PORTS));
  return lines(talk.end(afterMs));
}

t.test("a connection that worked", async (t) => {
  const worked = ["ok tcp connected × 1 in 2 ms"];
  t.strictSame(
    said((stream) => stream.open().say("client", "hello").say("server", "hi").close()),
    worked,
  );
  t.strictSame(
    said((stream) => stream.open()),
    worked,
    "still open",
  );
  const late = (stream: Stream): Stream =>
    stream.open().close().segment("client", ".").raw("server", { flags: "R", seq: 1 });
  t.strictSame(said(late), worked, "what still comes of it opens no other");
  t.strictSame(
    said((stream) => stream.segment("client", "S").segment("client", ".")),
    ["ok tcp connected × 1"],
  );
  const retried = (stream: Stream): Stream => {
    stream.segment("client", "S").wait(1000).raw("client", { flags: "S", seq: 100 }).wait(2);
    stream.segment("server", "S.").wait(1).raw("server", { flags: "S.", seq: 5000 });
    return stream.segment("client", ".");
  };
  t.strictSame(said(retried), ["ok tcp connected × 1 in 1002 ms"]);
});

t.test("a connection that never came about", async (t) => {
  t.strictSame(
    said((stream) => stream.segment("client", "S")),
    ["none tcp SYN never answered × 1"],
  );
  t.strictSame(
    said((stream) => stream.segment("client", "S"), 500),
    [],
    "it may have been",
  );
  const half = (stream: Stream): Stream => stream.segment("client", "S").segment("server", "S.");
  t.strictSame(said(half), ["none tcp SYN-ACK never acknowledged × 1"]);
  t.strictSame(said(half, 500), []);
  t.strictSame(
    said((stream) => stream.segment("client", "S").wait(1).segment("server", "R.")),
    ["error tcp SYN refused by the server with a reset × 1 in 1 ms"],
  );
  t.strictSame(
    said((stream) => half(stream).wait(1).segment("client", "R")),
    ["error tcp SYN-ACK refused by the client with a reset × 1 in 1 ms"],
  );
  t.strictSame(
    said((stream) => half(stream).wait(1).segment("server", "R")),
    ["error tcp SYN-ACK taken back by the server with a reset × 1 in 1 ms"],
  );
  t.strictSame(
    said((stream) => stream.segment("server", "S.").segment("client", "R")),
    ["error tcp SYN-ACK refused by the client with a reset × 1 in 0 ms"],
  );
});

t.test("a connection that was reset: by whom, and after what", async (t) => {
  t.strictSame(
    said((stream) => stream.open().wait(9).segment("server", "R")),
    ["error tcp connected, then reset by the server before any data × 1 in 9 ms"],
  );
  t.strictSame(
    said((stream) => stream.open().wait(9).segment("client", "R")),
    ["ok tcp connected, then reset by the client before any data × 1 in 9 ms"],
  );
  t.strictSame(
    said((stream) => stream.segment("client", "S").segment("client", ".").segment("server", "R")),
    ["error tcp connected, then reset by the server before any data × 1"],
  );
  t.strictSame(
    said((stream) => stream.open().say("client", "hello").wait(3000).segment("server", "R")),
    ["error tcp broken off by the server with a reset, after data of the client × 1 in 3000 ms"],
  );
  t.strictSame(
    said((stream) => stream.open().say("client", "hello").wait(3000).segment("client", "R")),
    ["error tcp broken off by the client with a reset, after data of the client × 1 in 3000 ms"],
  );
  t.strictSame(
    said((stream) => stream.open().say("server", "hello").segment("client", "R")),
    ["ok tcp closed by the client with a reset, after data of the server × 1 in 0 ms"],
  );
  t.strictSame(
    said((stream) => stream.open().say("client", "a").segment("server", "F.").segment("server", "R")),
    ["ok tcp closed by the server with a reset, after data of the client × 1 in 0 ms"],
  );
  t.strictSame(
    said((stream) => stream.open().say("client", "a").segment("client", "F.").segment("server", "R")),
    ["ok tcp closed by the server with a reset, after data of the client × 1 in 0 ms"],
  );
  t.strictSame(
    said((stream) => stream.segment("server", "R")),
    [],
    "of what was before the capture",
  );
});

t.test("data that is never acknowledged", async (t) => {
  t.strictSame(
    said((stream) => stream.open().segment("client", "P.", "hello")),
    ["none tcp connected, and data of the client never acknowledged × 1"],
  );
  t.strictSame(
    said((stream) => stream.open().segment("client", "P.", "hello"), 500),
    ["ok tcp connected × 1 in 2 ms"],
  );
  t.strictSame(
    said((stream) => stream.open().say("client", "a").segment("server", "P.", "hello")),
    ["none tcp connected, and data of the server never acknowledged × 1"],
  );
  const ended = (stream: Stream): Stream =>
    stream.open().segment("client", "F.").segment("server", "F.", "the last words");
  t.strictSame(
    said((stream) => ended(stream).segment("client", ".")),
    ["ok tcp connected × 1 in 2 ms"],
  );
  t.strictSame(said(ended), ["none tcp connected, and data of the server never acknowledged × 1"]);
  const never = (stream: Stream): Stream =>
    stream.raw("server", { flags: "P", seq: 1, payload: Buffer.from("x") });
  t.strictSame(said(never), ["ok tcp open before the capture began × 1"]);
});

t.test("a connection that was open before", async (t) => {
  t.strictSame(
    said((stream) => stream.say("client", "hello").close()),
    ["ok tcp open before the capture began × 1"],
  );
});

t.test("a port that is used again is another connection", async (t) => {
  const again = (stream: Stream): Stream => {
    stream.open().say("client", "hello");
    stream.next.client = 9_000;
    return stream.open().close();
  };
  t.strictSame(said(again), ["ok tcp connected × 2 in 2 ms"]);
  t.strictSame(
    said((stream) => again(again(stream))),
    ["ok tcp connected × 4 in 2 ms"],
  );
});

t.test("a SYN that comes again after a reset is no other attempt", async (t) => {
  const refused = (stream: Stream): Stream => {
    stream.segment("client", "S").segment("server", "S.").segment("client", "R");
    return stream
      .wait(1000)
      .raw("client", { flags: "S", seq: 100 })
      .segment("server", "S.")
      .segment("client", "R");
  };
  t.strictSame(said(refused), ["error tcp SYN-ACK refused by the client with a reset × 1 in 0 ms"]);
});

t.test("more connections at once than are kept are judged when they are forgotten", async (t) => {
  const talk = new Talk();
  for (let client = 1; client <= 1025; client++) new Stream(talk, { client, server: 9999 }).open();
  t.strictSame(lines(talk.end()), ["ok tcp connected × 1025 in 2 ms"]);
  const over = new Talk();
  for (let client = 1; client <= 300; client++) new Stream(over, { client, server: 9999 }).open().close();
  t.strictSame(lines(over.end()), ["ok tcp connected × 300 in 2 ms"]);
});

t.test("which segments are new", async (t) => {
  const segments = new Segments();
  t.equal(segments.end, null);
  t.ok(segments.note(-2, 4));
  t.equal(segments.end, 2);
  t.notOk(segments.note(-2, 4), "again");
  t.ok(segments.note(2, 8));
  t.ok(segments.note(20, 10), "10 to 19 are missing");
  t.ok(segments.note(40, 10), "of a second hole nothing is kept");
  t.ok(segments.note(10, 6));
  t.notOk(segments.note(10, 6));
  t.ok(segments.note(16, 4));
  t.notOk(segments.note(20, 0), "the hole is full");
  t.notOk(segments.note(30, 10));
  t.notOk(segments.note(45, 10), "partly");
  t.equal(segments.end, 55);
});
