import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { downLab, upLab } from "../../lib/lab/index.js";
import { runRunbook } from "../../lib/run/run.js";
import { delayPackets, type DelayPlace } from "./delay.js";

/** A delay of 200 ms at each hop in turn that can hold a packet, there or back, and what connect calls it. */

const DELAY_MS = 200;
const [CLIENT, WEB] = ["192.168.174.129", "192.168.218.65"];

const name = `delays-${process.pid}`;
const out = mkdtempSync(join(tmpdir(), "hopbook-delays-"));
const lab = await upLab({ name, topology: "calico-vxlan" });
t.teardown(async () => {
  await downLab({ name });
  rmSync(out, { recursive: true, force: true });
});

interface Case {
  readonly what: string;
  readonly at: readonly [DelayPlace, string] | null;
  readonly code: string;
  readonly says: RegExp;
}

const onWire = (from: string): string => `-s ${from} -p udp --dport 4789`;
const [A, B] = ["10.77.0.11", "10.77.0.12"];
const ASKED = `-s ${CLIENT} -d ${WEB} -p tcp`;
const ANSWERED = `-s ${WEB} -d ${CLIENT} -p tcp`;
const leg = (from: string, to: string): Pick<Case, "code" | "says"> => ({
  code: "connect-slow-leg",
  says: new RegExp(
    `^\\d+ ms in all \\(name .*, connection .*, HTTP .*\\), \\d+ ms of them on the way from ${from} to ${to} and back: `,
  ),
});

const CASES: readonly Case[] = [
  { what: "nowhere", at: null, code: "", says: /in all \(name / },
  {
    what: "node-a forwards, there",
    at: ["node-a", `FORWARD ${ASKED}`],
    ...leg("node-a cali\\w+", "node-a vxlan.calico"),
  },
  {
    what: "node-a sends",
    at: ["node-a", `OUTPUT ${onWire(A)}`],
    ...leg("node-a vxlan.calico", "node-a eth0"),
  },
  {
    what: "the network between",
    at: ["underlay", `FORWARD ${onWire(A)}`],
    ...leg("node-a eth0", "node-b eth0"),
  },
  {
    what: "the network between, back",
    at: ["underlay", `FORWARD ${onWire(B)}`],
    ...leg("node-a eth0", "node-b eth0"),
  },
  {
    what: "node-b takes in",
    at: ["node-b", `INPUT ${onWire(A)}`],
    ...leg("node-b eth0", "node-b vxlan.calico"),
  },
  {
    what: "node-b forwards, there",
    at: ["node-b", `FORWARD ${ASKED}`],
    ...leg("node-b vxlan.calico", "node-b cali\\w+"),
  },
  {
    what: "node-b forwards, back",
    at: ["node-b", `FORWARD ${ANSWERED}`],
    ...leg("node-b vxlan.calico", "node-b cali\\w+"),
  },
  {
    what: "node-a takes in, back",
    at: ["node-a", `INPUT ${onWire(B)}`],
    ...leg("node-a vxlan.calico", "node-a eth0"),
  },
  {
    what: "the far pod",
    at: ["shop/web", "INPUT -p tcp --dport 8080"],
    code: "connect-slow-far-end",
    says: /of them at shop\/web \(connection \d+ ms, HTTP \d+ ms\)/,
  },
  {
    what: "the name's server",
    at: ["shop/dns", "INPUT -p udp --dport 53"],
    code: "connect-slow-name",
    says: /of them for the name/,
  },
];

const table: string[] = [];
const only = process.env["HOPBOOK_DELAYS"];
for (const { what, at, code, says } of CASES) {
  if (only !== undefined && !what.includes(only)) continue;
  t.test(`${DELAY_MS} ms at ${what}`, async (t) => {
    const [place = "underlay", rule = ""] = at ?? [];
    const undo = at === null ? null : await delayPackets(lab, { place, rule, ms: DELAY_MS });
    try {
      const { findings } = await runRunbook({
        runbook: "connect",
        inputs: {
          from: "shop/client",
          to: "shop/web:8080",
          name: "web",
          count: "3",
          slow: at === null ? "30s" : "150ms",
        },
        ...{ cluster: lab.files.profile, cwd: out, out, grants: { yes: true } },
        signal: new AbortController().signal,
        onEvent: () => undefined,
      });
      const [check] = findings.checks;
      const message = check?.message ?? "";
      table.push(`${what.padEnd(28)} ${(check?.code ?? "").padEnd(20)} ${message}`);
      t.equal(check?.code ?? "", code, message);
      t.match(message, says);
      t.ok(
        findings.flows.every(({ verdict }) => verdict.status === "delivered"),
        "slow is not lost",
      );
    } finally {
      await undo?.();
    }
  });
}

t.test("what was named", (t) => {
  for (const line of table) t.comment(line);
  t.end();
});
