import t from "tap";
import { concat } from "../../helpers/packets.js";
import { COMMON_CERTIFICATE, NAMED_CERTIFICATE } from "../certificates.js";
import { certificates, clientHello, record, serverHello } from "../messages.js";
import { lines, Stream, Talk } from "./talk.js";

const PORTS = { client: 40_000, server: 443 };
const HELLO = record(22, clientHello({ serverName: "web.example", protocols: ["h2"] }));
const CONNECTED = "ok tcp connected × 1 in 2 ms";

function said(act: (stream: Stream) => void, afterMs = 5000): readonly string[] {
  const talk = new Talk();
  act(new Stream(talk, PORTS).open());
  return lines(talk.end(afterMs));
}

t.test("a handshake: what is spoken with whom, and whose certificate was shown", async (t) => {
  const flight = concat(record(22, serverHello()), record(22, certificates(NAMED_CERTIFICATE)));
  const change = concat(record(20, [1]), record(22, Buffer.alloc(40, 1)));
  const spoken = (stream: Stream): void => {
    stream.say("client", HELLO).wait(4).say("server", flight).say("client", change).say("server", change);
    stream.say("client", record(22, clientHello())).wait(1).segment("server", "R");
  };
  t.strictSame(said(spoken), [
    "error tcp broken off by the server with a reset, after the client's encrypted data × 1 in 1 ms",
    "ok tls TLS 1.2 for web.example, offering h2 × 1 in 4 ms",
    "ok tls certificate for web.example, *.shop.example, 10.0.0.1 × 1",
  ]);
  const other = concat(record(22, serverHello()), record(22, certificates(COMMON_CERTIFICATE)));
  t.strictSame(
    said((stream) => stream.say("client", HELLO).say("server", other)),
    [
      "error tls certificate for old.example, and not for web.example × 1",
      "ok tls TLS 1.2 for web.example, offering h2 × 1 in 0 ms",
      CONNECTED,
    ],
  );
});

t.test("TLS 1.3, with a retry before it; a second hello changes nothing", async (t) => {
  const random = concat([0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11], Buffer.alloc(24));
  const retry = record(22, serverHello({ version: 0x0304, random }));
  const hello = record(22, serverHello({ version: 0x0304 }));
  const bare = record(22, clientHello());
  t.strictSame(
    said((stream) => {
      stream.say("client", bare).wait(1).say("server", retry).say("client", bare).wait(1);
      stream.say("server", hello).say("server", hello);
    }),
    ["ok tls TLS 1.3 × 1 in 2 ms", CONNECTED],
  );
});

t.test("alerts: an orderly end is none", async (t) => {
  const alert = (...body: readonly number[]): Buffer => record(21, body);
  t.strictSame(
    said((stream) => stream.say("client", HELLO).wait(1).say("server", alert(2, 112))),
    ["error tls alert unrecognized_name by the server for web.example, offering h2 × 1 in 1 ms", CONNECTED],
  );
  t.strictSame(
    said((stream) => stream.say("server", alert(1, 112)).say("client", alert(1, 0))),
    ["ok tls alert unrecognized_name by the server × 1", CONNECTED],
  );
});

t.test("a hello without an answer", async (t) => {
  const none = ["none tls no answer to the ClientHello for web.example, offering h2 × 1", CONNECTED];
  t.strictSame(
    said((stream) => stream.say("client", HELLO)),
    none,
  );
  t.strictSame(
    said((stream) => stream.say("client", HELLO), 500),
    [CONNECTED],
  );
});

t.test("what only the other side says, and what tells nothing", async (t) => {
  const list = record(22, certificates(NAMED_CERTIFICATE));
  const odd = (stream: Stream): void => {
    stream.say("server", record(22, clientHello())).say("client", list).say("server", list.subarray(0, 100));
  };
  t.strictSame(said(odd), [CONNECTED]);
  t.strictSame(
    said((stream) => stream.say("server", list)),
    ["ok tls certificate for web.example, *.shop.example, 10.0.0.1 × 1", CONNECTED],
  );
});
