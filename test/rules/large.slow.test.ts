import t from "tap";
import { loadIptables } from "../../lib/rules/iptables/load.js";
import { loadNftables } from "../../lib/rules/nft/load.js";
import { fates, timed, walkChains } from "./kit.js";

/** A big cluster's Services: two rules of iptables for each endpoint, of which there are five, and three of nft. */
const SERVICES = 5_000;
const RULES = 50_000;
const MOST_MS = 1_000;

const ipOf = (n: number): string => `10.96.${String(n >> 8)}.${String(n & 255)}`;
const LAST = ipOf(SERVICES - 1);

t.test("50,000 rules of iptables are read and evaluated within a second", async (t) => {
  const lines = ["*nat", ":PREROUTING ACCEPT [0:0]", ":KUBE-SERVICES - [0:0]"];
  const rules = ["-A PREROUTING -j KUBE-SERVICES"];
  for (let n = 0; n < SERVICES; n += 1) {
    lines.push(`:SVC-${String(n)} - [0:0]`, `:SEP-${String(n)} - [0:0]`);
    rules.push(
      `-A KUBE-SERVICES -d ${ipOf(n)}/32 -p tcp -m comment --comment "shop/s${String(n)} cluster IP" -m tcp --dport 80 -j SVC-${String(n)}`,
      `-A SVC-${String(n)} ! -s 10.0.0.0/16 -d ${ipOf(n)}/32 -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x4000/0x4000`,
      ...Array.from({ length: 6 }, () => `-A SVC-${String(n)} -s 192.0.2.7/32 -j RETURN`),
      `-A SVC-${String(n)} -j SEP-${String(n)}`,
      `-A SEP-${String(n)} -p tcp -m tcp -j DNAT --to-destination 10.0.1.2:8080`,
    );
  }
  const text = [...lines, ...rules, "COMMIT", ""].join("\n");
  t.ok(rules.length > RULES, `${String(rules.length)} rules`);
  const { ms, result } = timed(() => walkChains(loadIptables(text, 4), { packet: { destination: LAST } }));
  t.strictSame(
    result.passed.map(({ packet }) => packet.destinationPort),
    [8080],
  );
  t.ok(ms < MOST_MS, "within a second");
  t.comment(`${ms.toFixed(0)} ms`);
});

t.test("50,000 rules of nftables are read and evaluated within a second", async (t) => {
  const at = { family: "ip", table: "kube-proxy" };
  const hook = { name: "nat-prerouting", type: "nat", hook: "prerouting", prio: -100, policy: "accept" };
  const place = [
    { payload: { protocol: "ip", field: "daddr" } },
    { meta: { key: "l4proto" } },
    { payload: { protocol: "th", field: "dport" } },
  ];
  const items: object[] = [{ chain: { ...at, ...hook } }];
  const rules: object[] = [];
  const elements: unknown[] = [];
  const add = (chain: string, ...expr: object[]): void =>
    void rules.push({ rule: { ...at, chain, handle: rules.length, expr } });
  add("nat-prerouting", { vmap: { key: { concat: place }, data: "@service-ips" } });
  for (let n = 0; n < SERVICES; n += 1) {
    const name = `service-${String(n)}`;
    elements.push([{ concat: [ipOf(n), "tcp", 80] }, { goto: { target: name } }]);
    items.push({ chain: { ...at, name } });
    const ends = [0, 1, 2].map((end) => `endpoint-${String(n)}-${String(end)}`);
    add(name, {
      vmap: {
        key: { numgen: { mode: "random", mod: 3, offset: 0 } },
        data: { set: ends.map((target, end) => [end, { goto: { target } }]) },
      },
    });
    for (const [end, chain] of ends.entries()) {
      items.push({ chain: { ...at, name: chain } });
      const source = {
        match: { op: "==", left: { payload: { protocol: "ip", field: "saddr" } }, right: "192.0.2.7" },
      };
      add(chain, source, { return: null });
      add(chain, source, { return: null });
      add(chain, { dnat: { addr: `10.0.1.${String(end)}`, port: 8080 } });
    }
  }
  const map = { map: { ...at, name: "service-ips", type: "x", map: "verdict", elem: elements } };
  const text = JSON.stringify({ nftables: [map, ...items, ...rules] });
  t.ok(rules.length >= RULES, `${String(rules.length)} rules`);
  const { ms, result } = timed(() => {
    const chains = loadNftables(text);
    t.strictSame(fates(walkChains(chains, { packet: { destination: "10.96.255.1" } })), ["pass"]);
    return walkChains(chains, { packet: { destination: LAST } });
  });
  t.strictSame(
    result.passed.map(({ packet }) => packet.destination.text),
    ["10.0.1.0", "10.0.1.1", "10.0.1.2"],
  );
  t.ok(ms < MOST_MS, "within a second");
  t.comment(`${ms.toFixed(0)} ms`);
});
