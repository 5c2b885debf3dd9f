import t from "tap";
import { parseConntrack } from "../../lib/linux/conntrack.js";
import { parseNstat, parseSnmp } from "../../lib/linux/counters.js";
import { parseTrace } from "../../lib/linux/drop-events.js";
import { judgeIdentity, parseAgentPolicy } from "../../lib/linux/ebpf/identity-policy.js";
import { parseFdb } from "../../lib/linux/fdb.js";
import { parseMachine } from "../../lib/linux/hardware/machine.js";
import { parseDriver, parseKernelRelease, parseOffloads } from "../../lib/linux/hardware/offloads.js";
import { isInterfaceName } from "../../lib/linux/interface-name.js";
import { parseIptables } from "../../lib/linux/iptables.js";
import { parseProcIpvs } from "../../lib/linux/ipvs.js";
import { parseLinks } from "../../lib/linux/links.js";
import { parseNeighbours } from "../../lib/linux/neighbours.js";
import { parseNftables } from "../../lib/linux/nft/nftables.js";
import { parseOvsTable } from "../../lib/linux/vswitch/ovs.js";
import { parseOwnAddresses } from "../../lib/linux/proc-addresses.js";
import { findRouteDevice } from "../../lib/linux/proc-routes.js";
import { parseRouteAnswer, parseRoutes } from "../../lib/linux/routes.js";
import { parseRules } from "../../lib/linux/rules.js";
import { parseSockets } from "../../lib/linux/sockets.js";
import { parseSysctl } from "../../lib/linux/sysctls.js";
import { parseQdiscs } from "../../lib/linux/tc.js";
import { localEndOf, remoteEndOf, wornBy } from "../../lib/wire/registry.js";
import { fc } from "../fixtures/property.js";

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  parseAgentPolicy: (text) =>
    parseAgentPolicy(`#endpoint 10.0.0.1\n[{"id":1}]\n#policy\nDIRECTION IDENTITY PORT/PROTO\n${text}`).map(
      ({ policy }) =>
        judgeIdentity(policy ?? [], {
          direction: "ingress",
          identity: 1,
          protocol: "tcp",
          family: 4,
          port: 80,
        }),
    ),
  parseConntrack,
  parseFdb,
  parseIptables,
  parseKernelRelease,
  parseLinks: (text) =>
    parseLinks(text).map((link) => [localEndOf(link), remoteEndOf(link), wornBy(link, 4)]),
  parseMachine,
  parseNeighbours,
  parseNftables,
  parseNstat,
  parseOffloads: (text) => [parseOffloads(text), parseDriver(text)],
  parseOvsTable,
  parseOwnAddresses,
  parseProcIpvs,
  parseProcRoutes: (text) => findRouteDevice({ route: text, route6: text }, "10.0.0.1"),
  parseQdiscs,
  parseRouteAnswer,
  parseRoutes,
  parseRules,
  parseSnmp,
  parseSockets,
  parseSysctl,
  parseTrace,
};

const WORDS = [
  ...[
    "-A",
    "-a",
    "-t",
    "-r",
    "-w",
    "-s",
    "->",
    "TCP",
    "*filter",
    ":INPUT DROP [1:2]",
    "[1:2]",
    "-j",
    "\\",
    '"',
    "!",
  ],
  ...[
    "tcp",
    "udp",
    "LISTEN",
    "0",
    "10.0.0.1:80",
    "[::1]:53",
    "src=10.0.0.1",
    "dst=10.0.0.2",
    "sport=1",
    "=",
    ":",
  ],
  ...[
    "Ip:",
    "kfree_skb:",
    "1.5:",
    "reason:",
    "0A000001:0050",
    "\n",
    "ipv4",
    "net.ipv4.x",
    "[UNREPLIED]",
    "eth0",
  ],
];
const lines = fc.array(fc.constantFrom(...WORDS), { maxLength: 40 }).map((words) => words.join(" "));
const keys = fc.constantFrom(
  ...[
    "ifname",
    "ifindex",
    "dev",
    "dst",
    "mac",
    "lladdr",
    "linkinfo",
    "info_kind",
    "info_data",
    "via",
    "flags",
  ],
  ...[
    "addr_info",
    "local",
    "nexthops",
    "encap",
    "vlans",
    "vlan",
    "headings",
    "data",
    "nftables",
    "rule",
    "expr",
  ],
  ...["options", "actions", "kernel", "priority", "kind", "__proto__", "x"],
);
const json = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<unknown>(
      "eth0",
      "-w",
      "a/b",
      "1.2.3.4",
      "fd00::1",
      "66:00:00:00:00:0b",
      "vxlan",
      1,
      4789,
      null,
    ),
    fc.string(),
    fc.array(tie("node"), { maxLength: 4 }),
    fc.dictionary(keys, tie("node"), { maxKeys: 8 }),
  ),
})).node;
const text = fc.oneof(
  fc.string(),
  lines,
  fc.json(),
  json.map((value) => JSON.stringify(value)),
);

t.test("no text makes a parser throw", async () => {
  fc.assert(
    fc.property(text, (hostile) => {
      for (const parse of Object.values(PARSERS)) parse(hostile);
    }),
    { numRuns: 1000 },
  );
});

t.test("only usable names and MACs come out", async () => {
  fc.assert(
    fc.property(json, (value) => {
      const printed = JSON.stringify(value);
      const names = [
        ...parseLinks(printed).map(({ name }) => name),
        ...parseRoutes(printed).flatMap(({ dev }) => dev ?? []),
        ...parseNeighbours(printed).flatMap(({ dev }) => dev ?? []),
        parseRouteAnswer(printed)?.dev ?? "ok",
      ];
      const macs = [...parseFdb(printed), ...parseNeighbours(printed)].flatMap(({ mac }) => mac ?? []);
      return names.every(isInterfaceName) && macs.every((mac) => /^[0-9a-f:]{17}$/.test(mac));
    }),
    { numRuns: 1000 },
  );
});

t.test("a long text takes no longer than its length", async (t) => {
  const units = [
    '"',
    '\\"',
    "a=",
    " = ",
    "[",
    "-A ",
    ":",
    "\t",
    "src=",
    '{"encap":"ip",',
    "1.5: kfree_skb: ",
    '"id":"',
  ];
  const one = 200_000;
  for (const [name, parse] of Object.entries(PARSERS)) {
    for (const unit of units) {
      const began = performance.now();
      parse(`*filter\n-A X ${unit.repeat(one / unit.length)}`);
      parse(unit.repeat(one / unit.length));
      const tookMs = performance.now() - began;
      if (tookMs > 1000) t.fail(`${name} took ${tookMs} ms for ${JSON.stringify(unit)}`);
    }
  }
});
