import t from "tap";
import { spawnSync } from "node:child_process";
import { planCaptures } from "../../lib/capture/index.js";
import { HopbookError } from "../../lib/errors.js";
import type { End } from "../../lib/model/cluster.js";
import type { Encapsulation, Flow, Hop } from "../../lib/model/hops.js";
import { EACH_PAYLOAD, isUntouched } from "./payloads.js";

const hasTcpdump = spawnSync("tcpdump", ["--version"]).status === 0;

/** Text that is a filter, or the end of one and the start of another. */
const FILTERS = [
  "10.0.0.1 or 1=1",
  "10.0.0.1) or (ip",
  "10.0.0.1 and not port 80",
  "10.0.0.1; ls",
  "10.0.0.1/0",
  "0.0.0.0/0",
  "::/0",
  "fe80::1%eth0",
  "fe80::1%$(touch pwned)",
  "host example.test",
  "1.2.3.4\n",
  " 1.2.3.4",
  "01.02.03.04",
  "0x7f000001",
  "2130706433",
];

const VXLAN: Encapsulation = { kind: "vxlan", port: 4789, vni: 4096, outer: 4 };

const END: End = {
  ...{ kind: "pod", text: "shop/web", pod: null, node: "one", ip: "10.0.0.1", port: null },
  ...{ addresses: [{ ip: "10.0.0.1", port: null }], netns: { kind: "host" }, hostNetwork: false },
  cniHostInterfaces: [],
};
const HOP: Hop = {
  ...{ index: 0, id: "one.nic.eth0", node: "one", role: "nic", interface: "eth0", mtuBytes: 1500 },
  ...{ netns: { kind: "host" }, encapsulation: { kind: "none" }, evidence: [] },
};
const OPTIONS = {
  ...{ runId: "run", workDir: "/var/tmp", maxSeconds: 10, maxBytes: 2 ** 20, minFreeBytes: 2 ** 20 },
  sshConnections: {},
};

function flowBetween(to: End, hop: Hop): Flow {
  const from: End = {
    ...END,
    text: "shop/client",
    ip: "10.0.0.2",
    addresses: [{ ip: "10.0.0.2", port: null }],
  };
  const underlay = {};
  const path = { from, to, recipe: "r", hops: [hop], replyHops: null, underlay, tunnels: {}, notes: [] };
  return { id: "f0", protocol: "icmp", probe: null, path };
}

t.test("what tcpdump is given", { skip: !hasTcpdump && "no tcpdump" }, async (t) => {
  const cwd = t.testdir();
  let planned = 0;
  const attempt = (name: string, change: (hop: Hop, end: End) => { hop: Hop; end: End }): void => {
    for (const encapsulation of [{ kind: "none" as const }, VXLAN]) {
      try {
        const { hop, end } = change({ ...HOP, encapsulation }, END);
        const [plan] = planCaptures([flowBetween(end, hop)], OPTIONS);
        const argv: readonly string[] = plan?.hops[0]?.argv ?? [];
        const at = argv.indexOf("--");
        const filter = argv.at(-1) ?? "";
        t.equal(at, argv.length - 2, `${name}: one filter, and it stands behind --`);
        t.equal(argv.filter((word) => word.startsWith("-w")).length, 1, `${name}: one -w`);
        t.equal(argv[argv.indexOf("-w") + 1], `${hop.id}.pcap`, `${name}: of ours`);
        t.notOk(
          argv.some((word) => /^-[zrFGC]/.test(word)),
          `${name}: none of the options that open a door`,
        );
        const run = spawnSync("tcpdump", ["-d", "-y", "EN10MB", "--", filter], { cwd, encoding: "utf8" });
        t.equal(run.status, 0, `${name}: tcpdump takes the filter`);
        t.ok(
          filter.includes("host") || filter.includes("udp[") || filter.includes("ip"),
          `${name}: ${filter}`,
        );
        planned++;
      } catch (error) {
        t.ok(
          error instanceof HopbookError && error.code === "INPUT_INVALID",
          `${name}: refused: ${String(error)}`,
        );
      }
    }
  };
  for (const [name, payload] of EACH_PAYLOAD) {
    attempt(`interface, ${name}`, (hop, end) => ({ hop: { ...hop, interface: payload }, end }));
    attempt(`hop, ${name}`, (hop, end) => ({ hop: { ...hop, id: payload }, end }));
    attempt(`namespace, ${name}`, (hop, end) => ({
      ...{ hop: { ...hop, netns: { kind: "path", path: payload } }, end },
    }));
  }
  for (const payload of [...FILTERS, ...EACH_PAYLOAD.map(([, text]) => text)]) {
    attempt(`address ${JSON.stringify(payload.slice(0, 30))}`, (hop, end) => ({
      hop,
      end: { ...end, ip: payload, addresses: [{ ip: payload, port: null }] },
    }));
  }
  attempt("a plain hop", (hop, end) => ({ hop, end }));
  t.ok(planned >= 2, `${planned} were harmless`);
  t.ok(isUntouched(cwd));
});
