import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { openAccess } from "../../lib/access/registry.js";
import { DropTraceSession, planDropTraces, taiOffset } from "../../lib/capture/droptrace.js";
import { CAPTURE_SCRIPTS } from "../../lib/capture/scripts.js";
import type { NodeAccess } from "../../lib/model/access.js";
import type { End } from "../../lib/model/cluster.js";
import type { HopRole } from "../../lib/model/roles.js";
import type { FlowPath, Hop } from "../../lib/model/hops.js";
import { findArgvFault } from "../../lib/permissions/commands/argv.js";
import { trustAll } from "../fixtures/trust.js";

const run = (...argv: string[]): boolean => spawnSync(argv[0] ?? "", argv.slice(1)).status === 0;
const INSTANCES = "/sys/kernel/tracing/instances";
const tag = randomBytes(4).toString("hex");
const netns = `hb-tr-${tag}`;
const able = process.getuid?.() === 0 && existsSync(INSTANCES) && run("ip", "netns", "add", netns);
const real = able ? {} : { skip: "needs root, tracefs and network namespaces" };
t.teardown(() => {
  if (able) run("ip", "netns", "del", netns);
});

function makePath(hops: readonly (readonly [node: string, role: HopRole, device: string])[]): FlowPath {
  const end: End = {
    ...{ kind: "pod", text: "a/b", pod: "a/b", node: "one", ip: "10.0.0.1", port: null, addresses: [] },
    ...{ netns: null, hostNetwork: false, cniHostInterfaces: [] },
  };
  const list = hops.map(([node, role, device], index): Hop => ({
    ...{ index, id: `${node}.${role}.${device}`, node, role, interface: device, mtuBytes: null },
    ...{ netns: { kind: "host" }, encapsulation: { kind: "none" }, evidence: [] },
  }));
  return {
    ...{ from: end, to: end, recipe: "r", hops: list, replyHops: null, underlay: {}, tunnels: {}, notes: [] },
  };
}

t.test("one trace a node: its devices but the NIC, and nothing that could end the filter", async (t) => {
  const paths = [
    makePath([
      ["one", "pod", "eth0"],
      ["one", "host-veth", "cali1"],
      ["one", "nic", "ens4"],
      ["two", "nic", "ens4"],
      ["two", "tunnel", 'x" || 1'],
    ]),
    makePath([["one", "host-veth", "cali2"]]),
  ];
  const plans = planDropTraces(paths, { runId: "run/../1", leaseSeconds: 20 });
  t.same(
    plans.map(({ node, argv }) => [node, ...argv.slice(4)]),
    [
      [
        ...["one", "hopbook-run_.._1-one", "20", "4096", String(16 * 1024 * 1024)],
        'name == "eth0" || name == "cali1" || name == "cali2"',
      ],
      ["two", "hopbook-run_.._1-two", "20", "4096", String(16 * 1024 * 1024), ""],
    ],
  );
  const scripts = new Map(Object.entries(CAPTURE_SCRIPTS).map(([name, text]) => [name, new Set([text])]));
  for (const { argv } of plans) t.equal(findArgvFault("kernel/droptrace", argv, scripts), undefined);
});

t.test("the clock's offset is read from the marker", async (t) => {
  const marker = (trace: string, unix: string): string =>
    `              sh-123     [001] .....  ${trace}: tracing_mark_write: hopbook-clock ${unix}`;
  t.equal(taiOffset(["# tracer: nop", marker("1763700037.000100", "1763700000.000050")]), 37);
  t.equal(taiOffset([marker("1763700000.000100", "1763700000.000050")]), 0);
  t.equal(taiOffset([marker("1763700000.000100", "1763700000")]), 0);
  t.equal(taiOffset(["nothing", ""]), 0);
});

async function open(): Promise<NodeAccess> {
  return openAccess({ name: "one", access: { via: "local" } });
}
const instancesOf = (runId: string): string[] =>
  readdirSync(INSTANCES).filter((name) => name.startsWith(`hopbook-${runId}-`));
async function gone(runId: string, waitMs: number): Promise<boolean> {
  for (const end = Date.now() + waitMs; Date.now() < end; await sleep(50))
    if (instancesOf(runId).length === 0) return true;
  return false;
}
const planFor = (runId: string, leaseSeconds = 20) =>
  planDropTraces([makePath([["one", "pod", "lo"]])], { runId, leaseSeconds, bufferKiB: 256 });

/** Pings that the namespace's own netfilter drops. */
function lose(packets: number): void {
  const enter = (input: string, ...argv: string[]): void => {
    spawnSync("ip", ["netns", "exec", netns, ...argv], { input });
  };
  const rules =
    "table ip hbtr {\n chain in {\n type filter hook input priority 0; policy accept;\n ip protocol icmp drop\n }\n}\n";
  enter("", "ip", "link", "set", "lo", "up");
  enter(rules, "nft", "-f", "-");
  enter("", "ping", "-q", "-c", String(packets), "-i", "0.05", "-W", "0.2", "127.0.0.1");
  enter("", "nft", "delete", "table", "ip", "hbtr");
}

t.test("the kernel's word on packets that are really dropped", real, async (t) => {
  const access = await open();
  const runId = `t${tag}a`;
  const session = new DropTraceSession(planFor(runId), trustAll([access]));
  t.same(await session.ready(), [{ node: "one", unavailable: null }]);
  t.equal(instancesOf(runId).length, 1);
  lose(3);
  const [trace] = await session.collect();
  t.equal(trace?.unavailable, null);
  const drops = (trace?.text ?? "").split("\n").filter((line) => /kfree_skb: .*NETFILTER_DROP/.test(line));
  t.ok(drops.length >= 3, `${drops.length} drops`);
  t.match(trace?.text, /netif_receive_skb: dev=lo /);
  // Its times are Unix times once the offset is taken off.
  const atSec =
    Number(/ ([0-9]+\.[0-9]+): kfree_skb/.exec(trace?.text ?? "")?.[1]) - (trace?.taiOffsetSec ?? 0);
  t.ok(Math.abs(atSec - Date.now() / 1000) < 20, `${atSec}`);
  t.ok(await gone(runId, 3000), "its instance is removed");
  await session.abort();
  await access.close();
});

t.test("abort, the lease, and a client's end remove the instance", real, async (t) => {
  const access = await open();
  const accesses = trustAll([access]);
  const aborted = new DropTraceSession(planFor(`t${tag}b`), accesses);
  await aborted.ready();
  await aborted.abort();
  t.ok(await gone(`t${tag}b`, 3000), "abort");
  const early = new DropTraceSession(planFor(`t${tag}c`), accesses);
  await early.abort();
  t.ok(await gone(`t${tag}c`, 3000), "abort before it is ready");
  const leased = new DropTraceSession(planFor(`t${tag}d`, 1), accesses);
  await leased.ready();
  t.equal(instancesOf(`t${tag}d`).length, 1);
  t.ok(await gone(`t${tag}d`, 6000), "lease");
  t.match(await leased.collect(), [{ text: null, unavailable: /./ }]);
  await access.close();
  for (const shell of [["dash"], ["bash"], ["busybox", "sh"]]) {
    const runId = `t${tag}e${shell[0] ?? ""}`;
    const [plan] = planFor(runId);
    const [program = "sh", ...first] = shell;
    const child = spawn(program, [...first, ...(plan?.argv.slice(1) ?? [])], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdin.on("error", () => undefined);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    t.equal(instancesOf(runId).length, 1, `${program} runs it`);
    child.kill("SIGKILL");
    t.ok(await gone(runId, 5000), `${program} is killed`);
  }
});

t.test("two at once do not share an instance; one that is there already is not taken", real, async (t) => {
  const access = await open();
  const accesses = trustAll([access]);
  const one = new DropTraceSession(planFor(`t${tag}f`), accesses);
  const two = new DropTraceSession(planFor(`t${tag}g`), accesses);
  t.match(await Promise.all([one.ready(), two.ready()]), [[{ unavailable: null }], [{ unavailable: null }]]);
  const again = new DropTraceSession(planFor(`t${tag}f`), accesses);
  t.match(await again.ready(), [{ unavailable: "no trace instance can be made" }]);
  t.match(await again.collect(), [{ text: null, unavailable: "no trace instance can be made" }]);
  t.equal(instancesOf(`t${tag}f`).length, 1, "it leaves the other's alone");
  await Promise.all([one.abort(), two.abort()]);
  t.ok((await gone(`t${tag}f`, 3000)) && (await gone(`t${tag}g`, 3000)));
  await access.close();
});

t.test("where there is no tracefs, no access or no agent, it says so", real, async (t) => {
  const access = await open();
  const blind = planFor(`t${tag}h`).map(({ node, argv }) => ({
    node,
    argv: ["unshare", "-m", "sh", "-c", 'mount -t tmpfs tmpfs /sys && exec "$@"', "blind", ...argv] as const,
  }));
  const session = new DropTraceSession(blind, trustAll([access]));
  t.match(await session.ready(), [{ unavailable: /tracefs is not mounted/ }]);
  t.match(await session.collect(), [{ text: null, taiOffsetSec: 0 }]);
  const closed = new DropTraceSession(planFor(`t${tag}i`), new Map());
  t.match(await closed.ready(), [{ unavailable: "the node is not open to this run" }]);
  t.match(await closed.collect(), [{ text: null }]);
  const dead = planFor(`t${tag}j`).map(({ node }) => ({
    node,
    argv: ["sh", "-c", "echo oops >&2; exit 1"] as const,
  }));
  const died = new DropTraceSession(dead, trustAll([access]));
  t.match(await died.ready(), [{ unavailable: "oops" }]);
  await died.abort();
  await access.close();
  t.equal(
    execFileSync("sh", ["-c", 'ls "$1" | grep -c "$2" || true', "x", INSTANCES, `hopbook-t${tag}`], {
      encoding: "utf8",
    }).trim(),
    "0",
  );
});
