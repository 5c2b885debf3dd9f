import t from "tap";
import { parseNstat, parseSnmp } from "../../lib/linux/counters.js";
import { parseSysctl } from "../../lib/linux/sysctls.js";
import { recorded } from "../fixtures/linux/recorded.js";

t.test("counters by nstat's names", async (t) => {
  t.strictSame([...parseNstat('{"kernel":{"A":1,"B":"2"}}')], [["A", 1]]);
  t.equal(parseNstat("7").size, 0);
  t.equal(parseNstat('{"kernel":7}').size, 0);
  t.strictSame(
    [...parseSnmp("Udp: In No\nUdp: 1 2 3\nTcp: A\nIp: B \nIp: 9\nlast")],
    [
      ["UdpIn", 1],
      ["UdpNo", 2],
      ["IpB", 9],
    ],
  );
});

t.test("recorded: /proc/net/snmp and /proc/net/netstat", async (t) => {
  const counters = parseSnmp(recorded("iproute2-6.1/snmp.txt"));
  t.equal(counters.get("IpDefaultTTL"), 64);
  t.equal(counters.get("TcpMaxConn"), -1);
  t.equal(counters.get("TcpExtIPReversePathFilter"), 0);
});

t.test("sysctls: dots of a device's name stay", async (t) => {
  t.strictSame(
    [...parseSysctl("net.ipv4.conf.a/b.rp_filter = 1\nnoise\nnet.ipv4.x=a = b\n")],
    [
      ["net/ipv4/conf/a.b/rp_filter", "1"],
      ["net/ipv4/x", "a = b"],
    ],
  );
});
