import t from "tap";
import { parseRouteAnswer, parseRoutes } from "../../lib/linux/routes.js";
import { recorded } from "../fixtures/linux/recorded.js";

t.test("recorded: ip -j -4 route show table all", async (t) => {
  const routes = parseRoutes(recorded("iproute2-6.1/routes4.json"));
  const to = (dst: string): unknown => routes.find((route) => route.dst === dst);
  t.match(to("default"), {
    gateway: "10.1.0.254",
    dev: "v0",
    protocol: null,
    table: "main",
    type: "unicast",
  });
  t.match(to("10.2.0.0/24"), { dev: "vxe", encapsulation: { kind: "ip", id: 100, to: "10.1.0.9" } });
  t.match(to("10.3.0.0/24"), {
    dev: null,
    nexthops: [
      { gateway: "10.1.0.2", dev: "v0", weight: 2 },
      { gateway: "10.1.0.3", dev: "v0", weight: 1 },
    ],
  });
  t.match(to("10.4.0.0/24"), { type: "blackhole", protocol: "80", dev: null });
  t.match(to("10.5.0.0/24"), { gateway: "fd01::2" }, "an IPv6 next hop of an IPv4 route");
  t.match(to("10.6.0.0/24"), { mtuBytes: 1400, flags: ["onlink"] });
  t.match(to("10.7.0.0/24"), { nexthopId: 5, gateway: "10.1.0.4" });
  t.match(to("10.1.0.1"), { type: "local", table: "local", scope: "host", preferredSource: "10.1.0.1" });
});

t.test("recorded: ip -j -6 route show table all", async (t) => {
  const routes = parseRoutes(recorded("iproute2-6.1/routes6.json"));
  t.match(
    routes.find(({ dst }) => dst === "fd07::/64"),
    { gateway: "fd01::5", metric: 10, nexthops: [{ gateway: "fd01::5", dev: "v0" }] },
  );
  t.equal(routes.filter(({ table }) => table === "local").length, 5);
});

t.test("recorded: of a route's two keys dst each is kept", async (t) => {
  t.strictSame(parseRouteAnswer(recorded("iproute2-6.1/route-get.json")), {
    ...{ dev: "vxe", gateway: null, encapsulatedTo: "10.1.0.9", source: "10.1.0.1" },
  });
  const six = '[{"dst":"fd02::/64","encap":"ip6","id":7,"dst":"fd01::9","hoplimit":0,"dev":"x"}]';
  t.match(parseRoutes(six), [{ dst: "fd02::/64", encapsulation: { kind: "ip6", to: "fd01::9" } }]);
  const mpls = '[{"dst":"10.0.0.0/8","encap":"mpls","label":100,"dev":"x"}]';
  t.match(parseRoutes(mpls), [{ dst: "10.0.0.0/8", encapsulation: { kind: "mpls", id: null, to: null } }]);
});

t.test("answers that lead nowhere", async (t) => {
  t.equal(parseRouteAnswer("[]"), null);
  t.equal(parseRouteAnswer('[{"dst":"10.0.0.1","dev":"--help"}]'), null);
  t.equal(parseRouteAnswer("[{"), null);
  t.match(parseRoutes('[{"dst":"10.0.0.1","dev":"-x","table":7},{}]'), [{ dev: null, table: "7" }]);
});
