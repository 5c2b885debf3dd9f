import t from "tap";
import { parseSockets } from "../../lib/linux/sockets.js";
import { recorded } from "../fixtures/linux/recorded.js";

t.test("recorded: ss -Hlntu and ss -Hntua", async (t) => {
  const listening = parseSockets(recorded("iproute2-6.1/ss-listening.txt"));
  t.strictSame(
    listening.map(({ protocol, address, port }) => `${protocol} ${address} ${port}`),
    [
      "udp 0.0.0.0 4789",
      "udp 0.0.0.0 57367",
      "udp 0.0.0.0 8472",
      "udp [::] 8472",
      "tcp 10.1.0.1 8098",
      "tcp 0.0.0.0 8099",
    ],
  );
  t.match(listening[1], { sendQueue: 832, peerAddress: "0.0.0.0", peerPort: null });
  const all = parseSockets(recorded("iproute2-6.1/ss-all.txt"));
  t.match(
    all.find(({ state, port }) => state === "ESTAB" && port === 8098),
    { peerAddress: "10.1.0.1", peerPort: 42_708 },
  );
});

t.test("what other versions print, and what is cut", async (t) => {
  t.match(
    parseSockets(
      "udp UNCONN 0 0 *%eth0:68 *:*\nraw x\ntcp LISTEN 0 5 *:80\ntcp LISTEN 0 5\nudp x y z [::]:53",
    ),
    [
      { address: "*%eth0", port: 68 },
      { protocol: "tcp", address: "*", port: 80, peerPort: null },
    ],
  );
  t.match(parseSockets('tcp LISTEN 0 128 [::ffff:127.0.0.1]:80 *:* users:(("x",pid=1,fd=3))'), [
    { address: "[::ffff:127.0.0.1]", port: 80 },
  ]);
});
