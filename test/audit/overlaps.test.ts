import t from "tap";
import { ask, askFully, links, PATH, type Look } from "./kit.js";

/** The way by the NIC alone, as it is found where the route that is taken leads there. */
const BY_NIC = {
  ...PATH,
  hops: PATH.hops
    .filter(({ role }) => role !== "tunnel")
    .map((hop) => ({ ...hop, encapsulation: { kind: "none" } as const })),
};

const OWN = { dst: "10.1.1.0/24", gateway: "10.1.1.0", dev: "flannel.1", flags: ["onlink"] };
const DIRECT = { dst: "10.1.1.0/24", gateway: "192.0.2.2", dev: "ens4" };
const OTHER = { dst: "10.1.1.0/25", gateway: "192.0.2.254", dev: "ens4" };

interface Told {
  readonly dev: string;
  readonly gateway?: string;
}

function looks(routes: readonly object[], answer: Told | null): Look[] {
  const argv = "ip -j route get 10.1.1.7 from 10.1.0.5 iif cni0";
  const kinds = [
    { ifname: "flannel.1", linkinfo: { info_kind: "vxlan" } },
    { ifname: "tun0", linkinfo: { info_kind: "tun" } },
  ];
  return [
    { at: "node-a", kind: "links", text: JSON.stringify(kinds) },
    { at: "node-a", kind: "routes", text: JSON.stringify(routes) },
    { at: "node-b", kind: "addresses", text: links({ name: "ens5", ip: "198.51.100.2" }) },
    ...(answer === null
      ? []
      : [{ at: "node-a", kind: "route-get", text: JSON.stringify([answer]), argv } as const]),
  ];
}

const said = (routes: readonly object[], answer: Told | null = OTHER, path = BY_NIC) =>
  ask("overlaps", looks(routes, answer), { path });

t.test("overlaps: a route past the CNI's own is a doubt, and both are shown", (t) => {
  const [one, ...more] = askFully("overlaps", looks([OWN, OTHER], OTHER), { path: BY_NIC });
  t.strictSame(more, []);
  t.match(one, {
    ...{ severity: "doubt", direction: "request", place: { node: "node-a", pod: null, device: "ens4" } },
    what: "packets to 10.1.1.7 take the route 10.1.1.0/25 via 192.0.2.254 dev ens4, which hides 10.1.1.0/24 via 10.1.1.0 dev flannel.1: whether they get to node-b that way is not known",
    evidence: [
      { line: "10.1.1.0/25 via 192.0.2.254 dev ens4" },
      { line: "10.1.1.0/24 via 10.1.1.0 dev flannel.1" },
    ],
  });
  t.match(said([DIRECT, OTHER]), [/hides 10\.1\.1\.0\/24 via 192\.0\.2\.2 dev ens4/], "the node as next hop");
  t.match(
    said([{ ...DIRECT, gateway: "198.51.100.2" }, OTHER]),
    [/hides .* via 198\.51\.100\.2 dev ens4/],
    "by another of its addresses",
  );
  const bridge = { dst: "10.1.1.0/24", dev: "docker0", protocol: "kernel" };
  t.match(said([{ ...OWN, metric: 50 }, bridge], bridge), [/take the route 10\.1\.1\.0\/24 dev docker0/]);
  t.end();
});

t.test("overlaps: silent where routes are as they should be", (t) => {
  const vpn = { dst: "10.0.0.0/8", dev: "tun0" };
  t.strictSame(said([OWN, vpn, { dst: "default", dev: "ens4" }], OWN), [], "a wider one of a VPN");
  t.strictSame(said([DIRECT, vpn], DIRECT), []);
  t.strictSame(said([vpn, OTHER]), [], "the CNI has none there");
  t.strictSame(said([OWN, { ...OTHER, protocol: "bird" }]), [], "a routing daemon's");
  t.strictSame(said([OWN, { ...OTHER, table: 100 }]), [], "another table's");
  t.strictSame(said([OWN, { ...OTHER, type: "blackhole" }], OWN), []);
  t.strictSame(said([OWN, { ...OTHER, dst: "10.1.1.128/25" }], OWN), [], "a part that the pod is not in");
  const encapsulated = { ...OTHER, encap: "ip", id: 7, encap_dst: "192.0.2.2" };
  t.strictSame(said([OWN, encapsulated]), [], "by a tunnel that the route names");
  t.end();
});

t.test("overlaps: silent where it was not read, within a node, and past the routes", (t) => {
  t.strictSame(said([OWN, OTHER], null), []);
  t.strictSame(said([OWN, OTHER], { dev: "ens9" }), [], "another table's answer");
  t.strictSame(said([OWN, OTHER], { dev: "ens4", gateway: "192.0.2.77" }), []);
  t.strictSame(ask("overlaps", looks([OWN, OTHER], OTHER).slice(3), { path: BY_NIC }), []);
  const hops = BY_NIC.hops.map((hop) => ({ ...hop, passedBy: ["request" as const] }));
  t.strictSame(said([OWN, OTHER], OTHER, { ...BY_NIC, hops }), []);
  t.strictSame(said([OWN, OTHER], OTHER, { ...BY_NIC, to: { ...PATH.to, node: null } }), []);
  const underlay = Object.fromEntries(Object.entries(PATH.underlay).filter(([node]) => node === "node-a"));
  const alone = { ...BY_NIC, underlay };
  t.match(said([OWN, OTHER], OTHER, alone), [/hides/], "the other node's address is not known");
  t.end();
});
