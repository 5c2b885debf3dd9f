import { makeBlueprint } from "../../lib/lab/topology/blueprint.js";

/** Rules that drop a part of some traffic at one place of the lab, and count what they saw and what they dropped. */

export const RULES = [
  "every-3rd",
  "every-5th",
  "every-20th",
  "one-percent",
  "first",
  "over-1400",
  "one-backend",
] as const;
export const WAYS = ["request", "reply"] as const;
export const PLACES = ["near-forward", "nic-ingress", "far-forward"] as const;

export type LossRule = (typeof RULES)[number];
export type Way = (typeof WAYS)[number];
export type LossPlace = (typeof PLACES)[number];
/** What the lab sends; `connect` and `udp` are to another port of the same pod. */
export type Sent = "ping" | "http" | "connect" | "udp" | "dns" | "download";

export interface LossSpec {
  readonly rule: LossRule;
  readonly way: Way;
  readonly place: LossPlace;
}

export const TABLE = "loss";
const { near, far } = makeBlueprint("calico-vxlan", 2).cluster;
const CLIENT = near.pods[0]!.ip;
const [WEB, DNS] = far.pods.map(({ ip }) => ip) as [string, string];
export const SERVERS = { web: WEB, dns: DNS } as const;

interface Traffic {
  readonly protocol: "icmp" | "tcp" | "udp";
  readonly port: number;
}

export const TRAFFIC: Readonly<Record<Sent, Traffic>> = {
  ping: { protocol: "icmp", port: 0 },
  http: { protocol: "tcp", port: 8080 },
  connect: { protocol: "tcp", port: 8090 },
  udp: { protocol: "udp", port: 8090 },
  dns: { protocol: "udp", port: 53 },
  download: { protocol: "tcp", port: 8091 },
};

/** Where the rule stands, and between which hops what it drops is missing: node by its letter, and role. */
export function locate({ way, place }: LossSpec): { readonly node: string; readonly between: string } {
  const isRequest = way === "request";
  switch (place) {
    case "near-forward":
      return { node: near.name, between: isRequest ? "a:host-veth>a:tunnel" : "a:tunnel>a:host-veth" };
    case "nic-ingress":
      return isRequest
        ? { node: far.name, between: "b:nic>b:tunnel" }
        : { node: near.name, between: "a:nic>a:tunnel" };
    case "far-forward":
      return { node: far.name, between: isRequest ? "b:tunnel>b:host-veth" : "b:host-veth>b:tunnel" };
  }
}

/** An nftables table: one chain a kind of traffic (whose bare names are words of nft's), with the counters KIND_seen and KIND_lost. */
export function renderLoss(spec: LossSpec): string {
  const isInside = spec.place === "nic-ingress";
  const server = spec.rule === "one-backend" ? DNS : null;
  const kinds = Object.keys(TRAFFIC) as Sent[];
  const ends = isInside ? matchInside : matchPlain;
  return [
    `table ${isInside ? "netdev" : "ip"} ${TABLE} {`,
    `  set known { ${isInside ? `typeof ${insidePort(spec.way)}` : "type inet_service"}; flags dynamic; size 65535; }`,
    ...kinds.flatMap((kind) => [`  counter ${kind}_seen { }`, `  counter ${kind}_lost { }`]),
    "  chain way {",
    isInside
      ? '    type filter hook ingress device "eth0" priority 0; policy accept;'
      : "    type filter hook forward priority -10; policy accept;",
    ...kinds.map((kind) => `    ${ends(TRAFFIC[kind], spec.way, server)} jump of_${kind}`),
    "  }",
    ...kinds.flatMap((kind) => [
      `  chain of_${kind} {`,
      `    counter name "${kind}_seen"`,
      ...drops(spec, kind, isInside).map(
        (rule) => `    ${rule.replace("LOSE", `counter name "${kind}_lost" drop`)}`,
      ),
      "  }",
    ]),
    "}\n",
  ].join("\n");
}

function matchPlain({ protocol, port }: Traffic, way: Way, server: string | null): string {
  const isRequest = way === "request";
  const addresses = isRequest ? `ip saddr ${CLIENT}` : `ip daddr ${CLIENT}`;
  const only = server === null ? "" : isRequest ? ` ip daddr ${server}` : ` ip saddr ${server}`;
  if (protocol === "icmp") return `${addresses}${only} icmp type echo-${way}`;
  return `${addresses}${only} ${protocol} ${isRequest ? "dport" : "sport"} ${port}`;
}

/** nft of this age knows no VXLAN: bits behind the outer UDP header, which has 8 bytes, as VXLAN's; then 14 of Ethernet. */
function matchInside({ protocol, port }: Traffic, way: Way, server: string | null): string {
  const numbers = { icmp: 1, tcp: 6, udp: 17 };
  const isRequest = way === "request";
  const client = `@th,${isRequest ? 336 : 368},32 ${asNumber(CLIENT)}`;
  const only = server === null ? "" : ` @th,${isRequest ? 368 : 336},32 ${asNumber(server)}`;
  const what =
    protocol === "icmp" ? `@th,400,8 ${isRequest ? 8 : 0}` : `@th,${isRequest ? 416 : 400},16 ${port}`;
  return `udp dport 4789 @th,312,8 ${numbers[protocol]} ${client}${only} ${what}`;
}

/** The client's port, which tells connections apart. */
const insidePort = (way: Way): string => `@th,${way === "request" ? 400 : 416},16`;

const asNumber = (ip: string): string =>
  `0x${ip
    .split(".")
    .map((part) => Number(part).toString(16).padStart(2, "0"))
    .join("")}`;

function drops({ rule, way }: LossSpec, kind: Sent, isInside: boolean): string[] {
  switch (rule) {
    case "every-3rd":
      return ["numgen inc mod 3 0 LOSE"];
    case "every-5th":
      return ["numgen inc mod 5 0 LOSE"];
    case "every-20th":
      return ["numgen inc mod 20 0 LOSE"];
    case "one-percent":
      return ["numgen random mod 100 0 LOSE"];
    case "over-1400":
      return [isInside ? "@th,256,16 > 1400 LOSE" : "ip length > 1400 LOSE"];
    case "one-backend":
      return ["LOSE"];
    case "first": {
      if (TRAFFIC[kind].protocol === "icmp") return [isInside ? "@th,448,16 1 LOSE" : "icmp sequence 1 LOSE"];
      const port = isInside ? insidePort(way) : way === "request" ? "th sport" : "th dport";
      return [`${port} @known accept`, `add @known { ${port} } LOSE`];
    }
  }
}
