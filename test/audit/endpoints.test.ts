import t from "tap";
import { ask, PATH, type Look } from "./kit.js";

/** A Service of many endpoints, each of which may be the one that a packet is given to. */

const SERVICE = "10.96.0.10";
const COUNT = 200;
const endpointOf = (n: number): string => `10.1.1.${String(n + 1)}`;
const ALL = Array.from({ length: COUNT }, (_, n) => endpointOf(n));

const saved = (forward: readonly string[] = []): string =>
  [
    ...["*nat", ":PREROUTING ACCEPT [0:0]", ":SVC - [0:0]"],
    `-A PREROUTING -d ${SERVICE}/32 -p udp -m udp --dport 53 -j SVC`,
    ...ALL.map((ip, n) => {
      const share = (1 / (COUNT - n)).toFixed(11);
      const chance = n === COUNT - 1 ? "" : ` -m statistic --mode random --probability ${share}`;
      return `-A SVC -p udp${chance} -j DNAT --to-destination ${ip}:5353`;
    }),
    ...["COMMIT", "*filter", ":FORWARD ACCEPT [0:0]", ...forward, "COMMIT", ""],
  ].join("\n");

const at = { ip: SERVICE, port: 53 };
const PATH_TO = {
  ...PATH,
  to: { ...PATH.to, ...at, addresses: [at, ...ALL.map((ip) => ({ ip, port: 5353 }))] },
};

function said(
  check: string,
  { forward = [], more = [] }: { forward?: string[]; more?: Look[] } = {},
): string[] {
  const looks: Look[] = [
    { at: "node-a", kind: "iptables", text: saved(forward) },
    { at: "node-a", kind: "nftables", text: "{}" },
    ...more,
  ];
  return ask(check, looks, { path: PATH_TO, protocol: "udp" }).filter((one) => !one.includes("was not read"));
}

t.test("a connection to any of them is where the rules lead, and to another it is not", async (t) => {
  const entry = (backend: string): Look => ({
    ...{ at: "node-a", kind: "conntrack" },
    text: `udp 17 25 src=10.1.0.5 dst=${SERVICE} sport=4000 dport=53 src=${backend} dst=10.1.0.5 sport=5353 dport=4000 mark=0 use=1\n`,
  });
  for (const n of [0, 63, 64, 150, COUNT - 1])
    t.strictSame(said("connections", { more: [entry(endpointOf(n))] }), [], `the endpoint ${String(n)}`);
  t.match(said("connections", { more: [entry("10.1.9.9")] }), [
    /^fault: .* to 10\.1\.9\.9:5353, and the rules lead to 10\.1\.1\.1, .* and 190 more$/,
  ]);
});

t.test("they are all found, and told by the first of them", async (t) => {
  t.match(said("service"), [/^fine: 10\.96\.0\.10 becomes 10\.1\.1\.1, .*10\.1\.1\.10 and 190 more$/]);
});

t.test("one rule on the way to some of them is one statement, which names them", async (t) => {
  const rules = (forward: string[]): string[] =>
    said("rules", { forward }).filter((one) => one.includes(`to ${SERVICE}`) && one.includes("FORWARD"));
  t.match(rules([`-A FORWARD -d ${endpointOf(150)}/32 -j DROP`]), [
    /^doubt: the request from 10\.1\.0\.5 to 10\.96\.0\.10 would be dropped by a rule of FORWARD on its way to 10\.1\.1\.151:5353 if /,
  ]);
  t.match(rules(["-A FORWARD -d 10.1.1.0/26 -j DROP"]), [
    /on its way to 10\.1\.1\.1:5353, 10\.1\.1\.2:5353, 10\.1\.1\.3:5353 and 60 more if /,
  ]);
  t.strictSame(rules(["-A FORWARD -p udp -j DROP"]), [
    "fault: the request from 10.1.0.5 to 10.96.0.10 is dropped by a rule of FORWARD",
  ]);
});
