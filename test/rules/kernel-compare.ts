import t from "tap";
import type { BaseChain } from "../../lib/rules/chain.js";
import { loadIptables } from "../../lib/rules/iptables/load.js";
import { loadNftables } from "../../lib/rules/nft/load.js";
import type { Packet } from "../../lib/rules/packet.js";
import { parseIpsetList } from "../../lib/linux/ipset.js";
import { parseIptablesSave } from "../../lib/linux/iptables-save.js";
import { parseNftables } from "../../lib/linux/nft/nftables.js";
import { parseRoutes } from "../../lib/linux/routes.js";
import { viewNode } from "../../lib/rules/view.js";
import { walkHooks } from "../../lib/rules/walk/path.js";
import { frameOf, openWire, whyNot, type Wire } from "./kernel-kit.js";
import { makeIptables, Random, SETS as IP_SETS } from "./grammar.js";
import { makeNftables } from "./nft-grammar.js";
import { packetOf } from "./kit.js";

/** So many for each set of rules. */
const PACKETS = 10;
const SEED = Number(process.env["HOPBOOK_SEED"] ?? "1");

export interface Backend {
  readonly name: string;
  readonly programs: readonly string[];
  put(wire: Wire, random: Random): void;
  /** What the kernel has counted, by the evaluator's keys. */
  read(wire: Wire): { readonly chains: readonly BaseChain[]; readonly counts: ReadonlyMap<string, number> };
}

/** What a set holds is asked for where there are sets at all. */
const hasSets = whyNot(["ipset"]) === null;

export const iptables = (variant: string): Backend => ({
  name: `iptables-${variant}`,
  programs: [`iptables-${variant}-restore`, `iptables-${variant}-save`],
  put: (wire, random) => {
    const flushed = (["raw", "nat"] as const).map((table) => `*${table}\nCOMMIT\n`).join("");
    wire.run([`iptables-${variant}-restore`], flushed + makeIptables(random, { hasSets }));
  },
  read: (wire) => {
    const text = wire.run([`iptables-${variant}-save`, "-c"]);
    const seen = new Map<string, number>();
    const counts = parseIptablesSave(text).rules.map(
      ({ table, chain, text: rule, packets }): [string, number] => {
        const base = `${table} ${chain} ${rule}`;
        seen.set(base, (seen.get(base) ?? 0) + 1);
        return [`${base} #${seen.get(base)}`, packets ?? 0];
      },
    );
    return { chains: loadIptables(text, 4), counts: new Map(counts) };
  },
});

export const nft: Backend = {
  name: "nft",
  programs: ["nft"],
  put: (wire, random) => void wire.run(["nft", "-f", "-"], makeNftables(random)),
  read: (wire) => {
    const text = wire.run(["nft", "-j", "list", "ruleset"]);
    const places = new Map<string, number>();
    const counts = parseNftables(text).rules.map(({ key, table, chain, packets }): [string, number] => {
      const place = (places.get(`${table} ${chain}`) ?? 0) + 1;
      places.set(`${table} ${chain}`, place);
      return [`${key} ${place}`, packets ?? 0];
    });
    return { chains: loadNftables(text), counts: new Map(counts) };
  },
};

/** HOPBOOK_RULE_SETS and HOPBOOK_SEED: more sets, others. */
export function compareWithKernel(backend: Backend, usualSets: number): void {
  const sets = Number(process.env["HOPBOOK_RULE_SETS"] ?? usualSets);
  const missing = whyNot(backend.programs);
  t.test(
    `what the evaluator says is what the kernel counts: ${backend.name}`,
    { skip: missing ?? false },
    async (t) => {
      const random = new Random(SEED);
      const wire = openWire();
      t.teardown(() => wire.close());
      const routes = parseRoutes(wire.run(["ip", "-j", "route", "show", "table", "all"]));
      if (hasSets) wire.run(["ipset", "restore"], IP_SETS);
      const addressSets = hasSets ? parseIpsetList(wire.run(["ipset", "list"])) : undefined;
      const node = viewNode({ routes, ...(addressSets === undefined ? {} : { addressSets }) });
      let [certain, doubted, port] = [0, 0, 1024];
      for (let set = 0; set < sets; set += 1) {
        backend.put(wire, random);
        const packets = Array.from({ length: PACKETS }, () =>
          makePacketOf(random, (port = (port % 60_000) + 1)),
        );
        wire.send(packets.map(frameOf));
        const { chains, counts } = backend.read(wire);
        const [least, most] = [new Map<string, number>(), new Map<string, number>()];
        const add = (map: Map<string, number>, key: string, times: number): void =>
          void map.set(key, (map.get(key) ?? 0) + times);
        for (const packet of packets) {
          const { matched } = walkHooks(chains, packet, {
            node,
            steps: [
              { hook: "prerouting", family: "ip", inDevice: "eth0", outDevice: null },
              { hook: "input", family: "ip", inDevice: "eth0", outDevice: null },
            ],
          });
          for (const matches of matched) {
            add(most, matches.rule.key, matches.most);
            add(least, matches.rule.key, matches.least);
            certain += matches.least;
            doubted += matches.most - matches.least;
          }
        }
        const wrong = [...counts].filter(
          ([key, count]) => count < (least.get(key) ?? 0) || count > (most.get(key) ?? 0),
        );
        if (wrong.length > 0)
          t.fail(`set ${set} of seed ${SEED}`, {
            rules: backend.name === "nft" ? wire.run(["nft", "-a", "list", "ruleset"]) : "",
            wrong: wrong.map(
              ([key, count]) => `${key}: ${least.get(key) ?? 0} to ${most.get(key) ?? 0}, kernel ${count}`,
            ),
          });
      }
      t.ok(certain > sets, `${sets * PACKETS} packets: ${certain} matches certain, ${doubted} in doubt`);
      t.ok(doubted < certain, "more is certain than in doubt");
      t.comment(`${sets * PACKETS} packets: ${certain} matches certain, ${doubted} in doubt`);
    },
  );
}

function makePacketOf(random: Random, port: number): Packet {
  const protocol = random.one(["tcp", "udp", "icmp"]);
  const isPing = protocol === "icmp";
  const flags = random.one([2, 2, 2, 0x29]);
  return packetOf({
    source: `10.0.0.${random.one([1, 3, 4, 5, 200])}`,
    destination: "10.0.0.2",
    protocol,
    sourcePort: isPing ? null : port + 1024,
    destinationPort: isPing ? null : random.one([22, 53, 80, 443, 8080]),
    tcpFlags: protocol === "tcp" ? flags : null,
    icmpType: isPing ? random.one([8, 13]) : null,
    icmpCode: isPing ? 0 : null,
    lengthBytes: random.one([48, 60, 100, 1000]),
    hopLimit: random.one([1, 64, 255]),
    trafficClass: 0,
    // FIN, PSH and URG together are no packet of any connection (nf_conntrack_proto_tcp.c).
    connection: {
      ...{ state: protocol === "tcp" && flags !== 2 ? "invalid" : "new", mark: 0 },
      ...{ isSourceTranslated: false, isDestinationTranslated: false },
    },
  });
}
