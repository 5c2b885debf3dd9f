import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FAULTS } from "./faults.js";
import { HEALTHY } from "./healthy.js";
import { startServers, stop, waitForServers } from "./programs.js";
import { pack, record } from "./record.js";
import type { Scenario } from "./scenario.js";
import { build, clear, NODES, podAddress, PODS, run, type Pod, type Shape } from "./world.js";

/**
 * Makes the captures of test/fixtures/captures/*.tgz again, all, or those whose names hold one of the words given. As root:
 *
 *   unshare -n -m -p --fork --kill-child --mount-proc node bin/run-compiled.js test/lab/captures/make.ts [WORD…]
 *
 * Needs ip, nft, iptables, tcpdump, ping, curl, dig, dnsmasq, openssl. Beside the captures a set holds truth.json.
 */

const TARGET = fileURLToPath(new URL("../../fixtures/captures/", import.meta.url));
const DEFAULTS: Shape = { wiring: "bridge", family: 4, nodes: 2 };

async function make(scenario: Scenario): Promise<void> {
  const shape = { ...DEFAULTS, ...scenario.shape };
  const dir = mkdtempSync(join(tmpdir(), "captures-"));
  const nodes: readonly string[] = NODES.slice(0, shape.nodes);
  const pods = (Object.keys(PODS) as Pod[]).filter((pod) => nodes.includes(PODS[pod]));
  const servers: ChildProcess[] = [];
  try {
    clear();
    build(shape);
    for (const pod of pods) servers.push(...startServers(pod, podAddress(pod, shape.family)));
    for (const pod of pods) await waitForServers(pod);
    for (const [where, script] of scenario.set ?? []) run(where, script);
    const { snaplen = 192, filter = "" } = scenario;
    const end = await record(scenario.files, { dir, snaplen, filter });
    for (const [where, script] of scenario.traffic) run(where, script);
    await end();
    writeFileSync(join(dir, "truth.json"), JSON.stringify(count([...nodes, ...pods])));
    mkdirSync(TARGET, { recursive: true });
    pack(dir, join(TARGET, `${scenario.name}.tgz`));
  } finally {
    await stop(servers);
    clear();
    rmSync(dir, { recursive: true });
  }
}

/** What the counters of the scenario's rules say. */
function count(machines: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const machine of machines)
    for (const [, name = "", packets] of run(machine, "nft list counters").matchAll(
      /counter (seen|lost) \{\s+packets (\d+)/g,
    ))
      counts[name] = (counts[name] ?? 0) + Number(packets);
  return counts;
}

run(
  "fab",
  "mount -t tmpfs tmpfs /run/netns 2>/dev/null || { mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns; }",
);
const words = process.argv.slice(2);
for (const scenario of [...FAULTS, ...HEALTHY]) {
  if (words.length > 0 && !words.some((word) => scenario.name.includes(word))) continue;
  const from = performance.now();
  try {
    await make(scenario);
  } catch (error) {
    console.log(`${scenario.name} FAILED ${String(error)}`);
  }
  console.log(`${scenario.name} ${Math.round(performance.now() - from)} ms`);
}
