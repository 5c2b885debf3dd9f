import t from "tap";
import { listMapped } from "../../../lib/cluster/ends/service-maps.js";
import { isRefused, listClusterIps } from "../../../lib/cluster/ends/service-ports.js";
import { sayNoService } from "../../../lib/cluster/ends/service-range.js";
import { NAMINGS } from "../../fixtures/namings.js";
import { recorded } from "../../fixtures/linux/recorded.js";

const say = (ip: string, clusterIps: readonly string[], ranges: readonly string[] = []): string | null =>
  sayNoService(ip, { clusterIps, ranges, saidBy: "node-a's rules" });

t.test("an address is said to be of Services' range by what shows that it is, and by nothing else", (t) => {
  t.equal(
    say("10.96.0.99", [], ["fd00::/112", "10.96.0.0/12"]),
    "it lies in their range 10.96.0.0/12, by node-a's rules, and none has it",
  );
  const spread = ["10.103.7.9", "10.96.0.1", "fd00:96::1"];
  t.match(
    say("10.99.1.1", spread),
    "it lies between the ClusterIPs 10.96.0.1 and 10.103.7.9, by node-a's rules",
  );
  t.match(say("10.96.0.200", ["10.96.0.1"]), /beside the ClusterIP 10\.96\.0\.1, .*most likely in one range/);
  t.match(say("fd00:96::7", ["fd00:96::1"]), "beside the ClusterIP fd00:96::1");
  t.equal(say("10.104.0.1", spread), null, "behind the last that is known");
  t.equal(say("10.99.1.1", ["10.0.0.1", "10.200.0.1"]), null, "no range is as large as that");
  t.equal(say("203.0.113.10", spread), null);
  t.equal(say("203.0.113.10", []), null);
  t.equal(say("10.96.0.99", ["nonsense"], ["nonsense"]), null);
  t.end();
});

t.test("kube-proxy's tables tell their ClusterIPs, ranges, and whom they refuse", (t) => {
  const told = listMapped(recorded("netfilter/nft-1.0.6-kube-proxy.json"), NAMINGS);
  t.strictSame(told.clusterIps.slice(0, 2), ["10.96.0.10", "10.96.0.20"]);
  t.ok(told.ranges.includes("fd00:96::/112"));
  t.strictSame(listMapped("", NAMINGS), { clusterIps: [], ranges: [] });
  const nat = [
    '-A KUBE-SERVICES -d 10.96.0.20/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-WEB',
    '-A KUBE-SERVICES -d 198.51.100.1/32 -p tcp -m comment --comment "shop/web:http external IP" -m tcp --dport 80 -j KUBE-EXT-WEB',
  ].join("\n");
  t.strictSame(listClusterIps(`*nat\n${nat}\nCOMMIT\n`, NAMINGS), ["10.96.0.20"]);
  const filter =
    '*filter\n-A KUBE-SERVICES -d 10.96.0.22/32 -p tcp -m comment --comment "shop/none has no endpoints" -m tcp --dport 80 -j REJECT\nCOMMIT\n';
  t.ok(isRefused(filter, "10.96.0.22", NAMINGS));
  t.notOk(isRefused(filter, "10.96.0.99", NAMINGS));
  t.end();
});
