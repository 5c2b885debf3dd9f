import t from "tap";
import { readSockets } from "../../../lib/bundles/plain/sockets.js";
import { parseSockets } from "../../../lib/linux/sockets.js";

const LISTENING = `Total: 2
Transport Total     IP        IPv6
TCP	  58        43        15

State      Recv-Q Send-Q         Local Address:Port                 Peer Address:Port       Process
LISTEN     0      4096               127.0.0.1:10257                     0.0.0.0:*
	 cubic cwnd:10
ESTAB      0      0                  10.77.0.11:22                       10.77.0.1:40022
`;

t.test("sockets of one protocol, which ss does not print", async (t) => {
  const told = parseSockets(readSockets(LISTENING, "cmd/ss--t--p--a--i--s.md"));
  t.match(told, [
    { protocol: "tcp", state: "LISTEN", address: "127.0.0.1", port: 10257 },
    { protocol: "tcp", state: "ESTAB", peerPort: 40022 },
  ]);
  const unconnected = "UNCONN 0 0 0.0.0.0:53 0.0.0.0:*\n";
  t.match(parseSockets(readSockets(unconnected, "ss_-uan.txt")), [{ protocol: "udp", port: 53 }]);
  for (const [text, path] of [
    [unconnected, "ss_-tuan.txt"],
    [unconnected, "ss_-an.txt"],
    [unconnected, "node-a/uss_-t"],
    [`Netid State\n${unconnected}`, "ss_-uan.txt"],
  ] as const)
    t.equal(readSockets(text, path), text, path);
});
