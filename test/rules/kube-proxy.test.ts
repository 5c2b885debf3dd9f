import t from "tap";
import { parseNftables } from "../../lib/linux/nft/nftables.js";
import { parseRoutes } from "../../lib/linux/routes.js";
import type { Packet } from "../../lib/rules/packet.js";
import { loadNftables } from "../../lib/rules/nft/load.js";
import { viewNode } from "../../lib/rules/view.js";
import { walkHooks, type HookStep, type Walk } from "../../lib/rules/walk/path.js";
import { frameOf, openWire, whyNot } from "./kernel-kit.js";
import { makeKubeProxy, type ProxiedService } from "./kube-proxy.js";
import { packetOf } from "./kit.js";

const NODE = "10.0.0.2";
const SERVICES: readonly ProxiedService[] = [
  {
    ...{
      name: "shop/web",
      clusterIp: "172.30.0.41",
      port: 80,
      nodePort: 30_080,
      loadBalancerIp: "198.51.100.1",
    },
    endpoints: [
      { ip: "10.180.0.1", port: 8080 },
      { ip: "10.180.0.2", port: 8080 },
    ],
    sourceRanges: ["10.0.0.0/30"],
  },
  {
    ...{ name: "shop/kept", clusterIp: "172.30.0.45", port: 80, isKept: true },
    endpoints: [{ ip: "10.180.0.3", port: 80 }],
  },
  { name: "shop/none", clusterIp: "172.30.0.46", port: 80, endpoints: [], nodePort: 30_082 },
  {
    ...{ name: "shop/local", clusterIp: "172.30.0.47", port: 80, isNowhereLocal: true },
    ...{ loadBalancerIp: "198.51.100.2", endpoints: [{ ip: "10.180.0.5", port: 80 }] },
  },
  {
    ...{ name: "shop/dns", protocol: "udp", clusterIp: "172.30.0.10", port: 53 },
    endpoints: [{ ip: "10.180.0.6", port: 53 }],
  },
];
/** Sees packets behind kube-proxy's chains: where they go, and from whom. */
const WATCH = `table ip watch {
  chain forward { type filter hook forward priority 10; ${[1, 2, 3, 5, 6].map((n) => `ip daddr 10.180.0.${n} counter; `).join("")}}
  chain postrouting { type filter hook postrouting priority 200; ip saddr ${NODE} counter; ip saddr 10.0.0.4 counter; }
}
`;

interface Sent {
  readonly title: string;
  readonly to: string;
  readonly port: number | null;
  readonly from?: string;
  readonly protocol?: "udp" | "icmp";
  /** What becomes of it: "to ADDRESS:PORT", "drop by CHAIN (what led there)", from most to least. */
  readonly fate: readonly string[];
}

const SENT: readonly Sent[] = [
  {
    title: "one of two",
    to: "172.30.0.41",
    port: 80,
    fate: ["to 10.180.0.1:8080 as a guest", "to 10.180.0.2:8080 as a guest"],
  },
  {
    title: "from the pods' range",
    from: "10.0.0.4",
    to: "172.30.0.41",
    port: 80,
    fate: ["to 10.180.0.1:8080", "to 10.180.0.2:8080"],
  },
  { title: "kept to one", from: "10.0.0.4", to: "172.30.0.45", port: 80, fate: ["to 10.180.0.3:80"] },
  {
    title: "UDP",
    from: "10.0.0.4",
    to: "172.30.0.10",
    port: 53,
    protocol: "udp",
    fate: ["to 10.180.0.6:53"],
  },
  { title: "TCP to UDP's port", to: "172.30.0.10", port: 53, fate: ["reject by cluster-ips-check"] },
  { title: "another port", to: "172.30.0.41", port: 81, fate: ["reject by cluster-ips-check"] },
  { title: "no such Service", to: "172.30.0.99", port: 80, fate: ["drop by cluster-ips-check"] },
  {
    ...{ title: "no endpoints", to: "172.30.0.46", port: 80 },
    fate: ["reject by reject-chain (172.30.0.46 . tcp . 80 : goto reject-chain, shop/none:p80)"],
  },
  {
    title: "a NodePort",
    to: NODE,
    port: 30_080,
    fate: ["to 10.180.0.1:8080 as a guest", "to 10.180.0.2:8080 as a guest"],
  },
  {
    ...{ title: "a NodePort without endpoints", to: NODE, port: 30_082 },
    fate: ["reject by reject-chain (tcp . 30082 : goto reject-chain, shop/none:p80)"],
  },
  {
    title: "one of the ranges",
    to: "198.51.100.1",
    port: 80,
    fate: ["to 10.180.0.1:8080 as a guest", "to 10.180.0.2:8080 as a guest"],
  },
  {
    ...{ title: "none of the ranges", from: "10.0.0.4", to: "198.51.100.1", port: 80 },
    fate: ["drop by firewall-WEB (198.51.100.1 . tcp . 80 : goto firewall-WEB)"],
  },
  {
    ...{ title: "no endpoint on this node", from: "10.0.0.200", to: "198.51.100.2", port: 80 },
    fate: ["drop by service-endpoints-check (198.51.100.2 . tcp . 80 : drop, shop/local:p80)"],
  },
  { title: "ping", to: "172.30.0.41", port: null, protocol: "icmp", fate: ["reject by cluster-ips-check"] },
];

function packetFor({ from = "10.0.0.1", to, port, protocol }: Sent, sourcePort: number): Packet {
  const isPing = protocol === "icmp";
  return packetOf({
    ...{ source: from, destination: to, protocol: protocol ?? "tcp", destinationPort: port, lengthBytes: 60 },
    ...(isPing ? { icmpType: 8, icmpCode: 0, sourcePort: null, tcpFlags: null } : { sourcePort }),
    ...(protocol === "udp" ? { tcpFlags: null } : {}),
    connection: { state: "new", isSourceTranslated: false, isDestinationTranslated: false, mark: 0 },
  });
}

const FORWARDED: readonly HookStep[] = [
  { hook: "prerouting", family: "ip", inDevice: "eth0", outDevice: null },
  { hook: "forward", family: "ip", inDevice: "eth0", outDevice: "eth0" },
  { hook: "postrouting", family: "ip", inDevice: null, outDevice: "eth0" },
];
const TAKEN_IN: readonly HookStep[] = [FORWARDED[0]!, { ...FORWARDED[1]!, hook: "input", outDevice: null }];

/** Names of chains have characters of a hash in them. */
const short = (text: string): string =>
  text.replaceAll(
    /\b(\w+)-\w+-shop\/(\w+)\S*/g,
    (_, kind: string, name: string) => `${kind}-${name.toUpperCase()}`,
  );

function fatesOf({ ended, passed }: Walk): string[] {
  return [
    ...ended.map(({ kind, rule, world: { elements } }) => {
      const by = elements
        .slice(-1)
        .map(({ text, comment }) => short(text) + (comment === null ? "" : `, ${comment}`));
      return `${kind} by ${short(rule?.chain ?? "policy")}${by.length === 0 ? "" : ` (${by.join("; ")})`}`;
    }),
    ...passed.map(({ packet: { destination, destinationPort, source } }) => {
      const isGuest = source.text === NODE ? " as a guest" : "";
      return `to ${destination.text}:${String(destinationPort)}${isGuest}`;
    }),
  ];
}

t.test(
  "kube-proxy's own table: what the evaluator says of each packet is what the kernel did with it",
  { skip: whyNot(["nft"]) ?? false },
  async (t) => {
    const wire = openWire();
    t.teardown(() => wire.close());
    const made = makeKubeProxy({
      ...{
        services: SERVICES,
        pods: "10.0.0.4/30",
        serviceRange: "172.30.0.0/16",
        nodeIp: NODE,
        counts: true,
      },
    });
    wire.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
    wire.run(["nft", "-f", "-"], made + WATCH);
    const text = wire.run(["nft", "-j", "list", "ruleset"]);
    const chains = loadNftables(text);
    const addresses = [{ name: "eth0", addressInfo: [{ ip: NODE, scope: "global" }] }];
    const node = viewNode({
      routes: parseRoutes(wire.run(["ip", "-j", "route", "show", "table", "all"])),
      links: addresses as unknown as NonNullable<Parameters<typeof viewNode>[0]["links"]>,
    });
    const [least, most] = [new Map<string, number>(), new Map<string, number>()];
    const add = (map: Map<string, number>, key: string, times: number): void =>
      void map.set(key, (map.get(key) ?? 0) + times);
    for (const [at, sent] of SENT.entries()) {
      const packet = packetFor(sent, 20_000 + at);
      const isTakenIn = sent.to === NODE && sent.fate.every((fate) => !fate.startsWith("to "));
      const walk = walkHooks(chains, packet, { node, steps: isTakenIn ? TAKEN_IN : FORWARDED });
      t.strictSame(fatesOf(walk), sent.fate, sent.title);
      for (const one of walk.matched) {
        add(least, one.rule.key, one.least);
        add(most, one.rule.key, one.most);
      }
      wire.send([frameOf(packet)]);
    }
    const places = new Map<string, number>();
    const counted = parseNftables(wire.run(["nft", "-j", "list", "ruleset"])).rules.map(
      ({ key, table, chain, packets }): [string, number] => {
        const place = (places.get(`${table} ${chain}`) ?? 0) + 1;
        places.set(`${table} ${chain}`, place);
        return [`${key} ${place}`, packets ?? 0];
      },
    );
    // What the node itself says (a refusal) comes by these.
    const other = /nft ip kube-proxy (filter-output|nat-output)|nft ip watch postrouting/;
    const wrong = counted.filter(
      ([key, count]) => !other.test(key) && (count < (least.get(key) ?? 0) || count > (most.get(key) ?? 0)),
    );
    t.strictSame(
      wrong.map(([key, count]) => `${key}: ${least.get(key) ?? 0} to ${most.get(key) ?? 0}, kernel ${count}`),
      [],
    );
    t.ok([...least.values()].reduce((sum, times) => sum + times, 0) > SENT.length, "most of it is certain");
  },
);
