import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { parseAgentDrops } from "../../../lib/linux/ebpf/agent-drops.js";
import { AGENT_DROPS_NAME, AGENT_DROPS_SCRIPT } from "../../../lib/linux/ebpf/drops-script.js";
import { fc } from "../../fixtures/property.js";
import { canEnterMounts } from "../../fixtures/mounts.js";

/** As calico-node prints it (tablewriter 0.0.5, by the calls of felix/cmd/calico-bpf/commands/counters.go). */
const table = (
  device: string,
  policy: string,
): string => `+----------+--------------------------------+---------+--------+-----+
| CATEGORY |              TYPE              | INGRESS | EGRESS | XDP |
+----------+--------------------------------+---------+--------+-----+
| Accepted | by another program             |       0 |      0 | N/A |
|          | by failsafe                    |       0 |      2 | N/A |
|          | by policy                      |       1 |      0 | N/A |
| Dropped  | NAT source collision           |       0 |      0 | N/A |
|          | resolution failed              |         |        |     |
|          | by policy                      |       ${policy} |      0 | N/A |
|          | failed decapsulation           |       0 |      0 | N/A |
|          | failed encapsulation           |       0 |      0 | N/A |
|          | failed to create conntrack     |       0 |      0 | N/A |
|          | incorrect checksum             |       0 |      0 | N/A |
|          | malformed IP packets           |       0 |      0 | N/A |
|          | packets hitting blackhole      |       0 |      0 | N/A |
|          | route                          |         |        |     |
|          | packets with unknown route     |       0 |      3 | N/A |
|          | packets with unknown source    |       0 |      0 | N/A |
|          | packets with unsupported IP    |       7 |      0 | N/A |
|          | options                        |         |        |     |
|          | too short packets              |       0 |      0 | N/A |
| Other    | packets hitting NAT source     |       0 |      0 | N/A |
|          | collision                      |         |        |     |
| Redirect | neigh                          |       0 |      0 | N/A |
|          | peer                           |       0 |      0 | N/A |
|          | plain                          |       0 |      0 | N/A |
| Total    | packets                        |      27 |      3 | N/A |
+----------+--------------------------------+---------+--------+-----+
dumped ${device} counters.
`;

const TABLES = `#calico\n${table("cali5f0c1a2b3c4", "4")}${table("eth0", "0")}`;

const short = (text: string): string[] =>
  parseAgentDrops(text)
    .drops.filter(({ packets }) => packets > 0)
    .map(
      (drop) =>
        `${drop.agent} ${drop.device ?? "-"} ${drop.direction} ${drop.reason}: ${String(drop.packets)}`,
    );

t.test("a table for each device, of names that go on in the next row", (t) => {
  t.strictSame(short(TABLES), [
    "Calico cali5f0c1a2b3c4 ingress by policy: 4",
    "Calico cali5f0c1a2b3c4 egress packets with unknown route: 3",
    "Calico cali5f0c1a2b3c4 ingress packets with unsupported IP options: 7",
    "Calico eth0 egress packets with unknown route: 3",
    "Calico eth0 ingress packets with unsupported IP options: 7",
  ]);
  t.equal(parseAgentDrops(TABLES).drops.length, 2 * 12 * 2, "what is not available is none");
  t.equal(short(TABLES.slice(0, TABLES.indexOf("dumped"))).length, 0, "of which device is not known");
  t.end();
});

t.test("a number and packets by direction, of older agents", (t) => {
  const text = JSON.stringify([
    { reason: 0, description: "Success", values: { egress: { packets: 100, bytes: 1000 } } },
    { reason: 3, description: "Interface", values: { ingress: { packets: 7, bytes: 70 } } },
    {
      reason: 133,
      description: "Policy denied",
      values: { ingress: { packets: 4 }, egress: { packets: 2 } },
    },
  ]);
  t.strictSame(short(`#cilium\n${text}\n`), [
    "Cilium - ingress Policy denied: 4",
    "Cilium - egress Policy denied: 2",
  ]);
  t.end();
});

t.test("a number that has no description, and a table that is cut", (t) => {
  const text = JSON.stringify([{ reason: 140, values: { ingress: { packets: 3, bytes: 9 } } }]);
  t.strictSame(short(`#cilium\n${text}`), ["Cilium - ingress 140: 3"]);
  const cut = `#calico
| CATEGORY | TYPE              | INGRESS | EGRESS |
|          | of no category    | 5       | 5      |
| Dropped  | by policy         | 4       |
dumped eth0 counters.
`;
  t.strictSame(short(cut), ["Calico eth0 ingress by policy: 4"]);
  t.end();
});

t.test("whether a list is whole, so that what is not in it was never counted", (t) => {
  const whole = (text: string): readonly string[] => [...parseAgentDrops(text).whole];
  t.strictSame(whole("#cilium\n[]"), ["Cilium"]);
  t.strictSame(whole("#cilium\n"), ["Cilium"], "cilium-dbg prints nothing where there is none");
  t.strictSame(whole('#cilium\n[{"reason": 133, "val'), [], "it is cut");
  t.strictSame(whole(TABLES), [], "these have all kinds");
  t.end();
});

t.test("a name and a direction for each line of a program, of newer ones: added up", (t) => {
  const row = (reason: string, direction: string, packets: number, line: number) => ({
    ...{ reason, direction, packets, bytes: packets * 98, line, file: "bpf_lxc.c" },
  });
  const text = JSON.stringify([
    row("Success", "egress", 1000, 10),
    row("Interface Decrypted", "ingress", 3, 11),
    row("3", "ingress", 5, 12),
    row("Policy denied", "ingress", 4, 1337),
    row("Policy denied", "ingress", 1, 1400),
    row("Stale or unroutable IP", "egress", 2, 9),
  ]);
  t.strictSame(short(`#cilium\n${text}`), [
    "Cilium - ingress Policy denied: 5",
    "Cilium - egress Stale or unroutable IP: 2",
  ]);
  t.end();
});

t.test("what is no such text says nothing", (t) => {
  for (const text of [
    "",
    "#cilium\n",
    "#cilium\nNo entries found.",
    "#calico\n",
    "#other\n[]",
    "#cilium\n[{}]",
  ])
    t.strictSame(parseAgentDrops(text).drops, []);
  fc.assert(
    fc.property(fc.string(), fc.nat(TABLES.length), (text, at) => {
      parseAgentDrops(`#cilium\n${text}`);
      parseAgentDrops(`${TABLES.slice(0, at)}${text}${TABLES.slice(at)}`);
    }),
  );
  t.end();
});

/** A stand-in for the agents' programs, which writes down what it was asked. */
const STAND_IN = `#!/bin/sh
echo "$(basename "$0") $*" >>"$(dirname "$0")/asked"
echo "of $(basename "$0")"
`;

t.test(
  "agents are found by their processes and asked by verbs that only read",
  { skip: canEnterMounts() ? false : "may not enter a mount namespace" },
  async (t) => {
    const dir = t.testdir({});
    const PATH = `${dir}:${process.env["PATH"] ?? ""}`;
    const run = (): string =>
      execFileSync("sh", ["-c", AGENT_DROPS_SCRIPT, AGENT_DROPS_NAME], { encoding: "utf8", env: { PATH } });
    for (const name of ["cilium-agent", "calico-node"]) {
      const agent = join(dir, name);
      copyFileSync("/bin/sleep", agent);
      chmodSync(agent, 0o755);
      const held = spawn(agent, ["60"], { stdio: "ignore" });
      t.teardown(async () => {
        held.kill();
        await once(held, "close");
      });
      await once(held, "spawn");
    }
    for (const name of ["cilium", "calico-node"]) {
      // The running program's file is busy; the stand-in takes its name.
      execFileSync("rm", ["-f", join(dir, name)]);
      writeFileSync(join(dir, name), STAND_IN, { mode: 0o755 });
    }
    t.equal(run(), "#cilium\nof cilium\n#calico\nof calico-node\n");
    t.equal(
      readFileSync(join(dir, "asked"), "utf8"),
      "cilium bpf metrics list -o json\ncalico-node -bpf counters dump\n",
    );
    writeFileSync(join(dir, "calico-node"), "#!/bin/sh\nexit 1\n");
    const failed = (): unknown => {
      try {
        return run();
      } catch (error) {
        return (error as { status?: unknown }).status;
      }
    };
    t.equal(failed(), 4, "an agent that cannot be asked");
  },
);
