import t, { type Test } from "tap";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { downLab, execInNode, execInPod, setFault, upLab, type LabState } from "../../lib/lab/index.js";
import { requireNamespaces } from "../../lib/lab/programs.js";
import type { ProbeRecord } from "../../lib/model/evidence.js";
import type { ProbeKind } from "../../lib/model/traffic.js";
import { parseProbe, planProbe } from "../../lib/traffic/index.js";
import { OPTIONS, makeFlow } from "./flows.js";

const skip =
  process.getuid?.() !== 0
    ? "needs root"
    : await requireNamespaces(false).then(
        () => false as const,
        (error: Error) => error.message,
      );
const WEB = "192.168.218.65";
const DNS = "192.168.218.66";
/** Pod addresses and ClusterIPs; each kind once. */
const TARGETS: readonly (readonly [ProbeKind, string, number | null])[] = [
  ["ping", WEB, null],
  ["ping-large", WEB, null],
  ["udp", DNS, 9],
  ["dns-udp", "10.96.0.10", null],
  ["dns-tcp", DNS, 53],
  ["tcp-connect", WEB, 8080],
  ["http", "10.96.0.20", null],
];

interface Ran {
  readonly record: ProbeRecord;
  readonly tookMs: number;
}

t.test("probes on the lab", { skip, timeout: 100_000 }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "hopbook-traffic-"));
  const name = "hb-tr";
  const lab = await upLab({ name, dir, topology: "calico-vxlan" });
  t.teardown(async () => {
    await downLab({ name, dir });
    rmSync(dir, { recursive: true });
  });
  // The far kernel would answer about one closed UDP port a second.
  for (const pod of ["shop/web", "shop/dns"]) {
    const limit = await execInPod(lab, pod, ["sysctl", "-q", "-w", "net/ipv4/icmp_ratelimit=0"]);
    t.equal(limit.exitCode, 0, limit.stderr);
  }
  const client = lab.nodes[0]?.pods.find((pod) => pod.name === "client");
  const path = client?.netnsPath ?? "";

  const probe = async (target: (typeof TARGETS)[number], count = 4): Promise<Ran> => {
    const [kind, ip, port] = target;
    const plan = planProbe(makeFlow(kind, { ip, port }, { netns: { kind: "path", path } }), {
      ...OPTIONS,
      count,
    });
    const startedMs = performance.now();
    const result = await execInNode(lab, "node-a", plan.argv, { timeoutMs: plan.timeoutMs });
    const record = parseProbe(plan, result);
    t.equal(record.error, null, `${kind}: no error`);
    t.equal(record.attempts.length, count, `${kind}: ${count} attempts`);
    return { record, tookMs: performance.now() - startedMs };
  };
  const probeAll = async (): Promise<Map<ProbeKind, Ran>> => {
    const runs = await Promise.all(TARGETS.map(async (target) => [target[0], await probe(target)] as const));
    return new Map(runs);
  };
  const outcomes = (runs: Map<ProbeKind, Ran>, kind: ProbeKind): string[] => [
    ...new Set(runs.get(kind)?.record.attempts.map((each) => `${each.outcome}: ${each.detail}`)),
  ];
  const silent = (runs: Map<ProbeKind, Ran>): void => {
    for (const [kind, run] of runs) {
      t.same(outcomes(runs, kind), ["timeout: no answer"], `${kind} in a black hole`);
      // One after the other, the second would begin when the first has timed out.
      const starts = run.record.attempts.map((each) => each.sentAtSec);
      const spreadMs = (Math.max(...starts) - Math.min(...starts)) * 1000;
      const { timeoutMs } = OPTIONS;
      t.ok(spreadMs < timeoutMs, `${kind} overlaps its attempts, ${spreadMs} ms, ${run.tookMs} ms in all`);
    }
  };

  await t.test("delivered, with the local ports that tcpdump sees", async (t) => {
    const runs = await watchPorts(lab, path, probeAll);
    const { result, seen } = runs;
    for (const [kind, detail] of [
      ["ping", "echo reply"],
      ["ping-large", "echo reply"],
      ["dns-udp", "NOERROR"],
      ["dns-tcp", "NOERROR"],
      ["tcp-connect", "connected"],
      ["http", "HTTP 200"],
    ] as const) {
      t.same(outcomes(result, kind), [`answered: ${detail}`], kind);
      const rtts = result.get(kind)?.record.attempts.map((each) => each.rttMs ?? -1) ?? [];
      t.ok(
        rtts.every((rtt) => rtt >= 0 && rtt < OPTIONS.timeoutMs),
        `${kind}: ${rtts.join(" ")} ms`,
      );
    }
    t.same(outcomes(result, "udp"), ["refused: connection refused"], "nobody listens at UDP port 9");
    comparePorts(t, result, seen);
  });

  await t.test("a name that is not there is an answer too", async (t) => {
    const plan = planProbe(makeFlow("dns-udp", { ip: DNS, port: 53 }, { netns: { kind: "path", path } }), {
      ...OPTIONS,
      count: 1,
      dnsName: "nobody.shop.svc.cluster.local",
    });
    const record = parseProbe(plan, await execInNode(lab, "node-a", plan.argv));
    t.match(record.attempts, [{ outcome: "answered", detail: /^(NXDOMAIN|REFUSED|NOERROR)$/ }]);
  });

  await t.test("refused, with the local ports that tcpdump sees", async (t) => {
    await setFault({ name, dir, fault: "closed-port", on: true });
    const { result, seen } = await watchPorts(lab, path, probeAll);
    await setFault({ name, dir, fault: "closed-port", on: false });
    for (const kind of ["dns-udp", "dns-tcp", "tcp-connect", "http"] as const) {
      t.same(outcomes(result, kind), ["refused: connection refused"], kind);
    }
    t.same(outcomes(result, "ping"), ["answered: echo reply"]);
    comparePorts(t, result, seen);
  });

  await t.test("a black hole costs the attempts' starts and one time-out", async (t) => {
    await setFault({ name, dir, fault: "forward-drop-b", on: true });
    const { result, seen } = await watchPorts(lab, path, probeAll);
    await setFault({ name, dir, fault: "forward-drop-b", on: false });
    silent(result);
    comparePorts(t, result, seen);
  });

  for (const { way, hidden, kinds } of WAYS) {
    await t.test(`by ${way}, where ${hidden.join(", ")} cannot be run`, async (t) => {
      const by = async (target: (typeof TARGETS)[number], count: number): Promise<Ran> => {
        const [kind, ip, port] = target;
        const flow = makeFlow(kind, { ip, port }, { netns: { kind: "path", path } });
        const plan = planProbe(flow, { ...OPTIONS, count });
        const inner = ["unshare", "-m", "sh", "-c", HIDE, "hide", hidden.join(" "), ...plan.argv];
        const startedMs = performance.now();
        const result = await execInNode(lab, "node-a", inner, { timeoutMs: plan.timeoutMs });
        const record = parseProbe(plan, result);
        t.equal(record.way, kind === "dns-udp" ? "bash" : way, result.stderr);
        t.equal(record.error, null);
        return { record, tookMs: performance.now() - startedMs };
      };
      const targets = TARGETS.filter(([kind]) => kinds.includes(kind));
      const all = async (): Promise<Map<ProbeKind, Ran>> =>
        new Map(await Promise.all(targets.map(async (target) => [target[0], await by(target, 3)] as const)));
      const { result, seen } = await watchPorts(lab, path, all);
      t.same(outcomes(result, "http"), ["answered: HTTP 200"]);
      if (kinds.includes("dns-tcp")) t.same(outcomes(result, "dns-tcp"), ["answered: NOERROR"]);
      t.same(outcomes(result, "tcp-connect"), ["answered: connected"]);
      if (way !== "netcat") {
        comparePorts(t, result, seen);
        t.equal(seen.resets, 0, "nothing is left unread");
      }
      await setFault({ name, dir, fault: "forward-drop-b", on: true });
      const lost = await watchPorts(lab, path, all);
      await setFault({ name, dir, fault: "forward-drop-b", on: false });
      silent(lost.result);
      if (way !== "netcat") comparePorts(t, lost.result, lost.seen);
      await setFault({ name, dir, fault: "closed-port", on: true });
      const closed = await all();
      await setFault({ name, dir, fault: "closed-port", on: false });
      for (const [kind] of closed) t.same(outcomes(closed, kind), ["refused: connection refused"], kind);
    });
  }

  await t.test("local trouble has its own words", async (t) => {
    const table = "table ip hbtr {\n chain out {\n type filter hook output priority 0; policy accept;\n";
    const rules = ` ip daddr ${WEB} reject with icmp type admin-prohibited\n ip daddr ${DNS} drop\n`;
    const enter = ["nsenter", `--net=${path}`];
    await execInNode(lab, "node-a", [...enter, "nft", "-f", "-"], { stdin: `${table}${rules} }\n}\n` });
    const ping = await probe(["ping", WEB, null], 2);
    const dropped = await probe(["dns-udp", DNS, 53], 2);
    await execInNode(lab, "node-a", [...enter, "nft", "delete", "table", "ip", "hbtr"]);
    for (const each of ping.record.attempts) {
      t.match(each, { outcome: "refused", detail: "Packet filtered, from 192.168.174.129" });
    }
    for (const each of dropped.record.attempts) {
      t.match(each, { outcome: "error", detail: "Operation not permitted" });
    }
    await execInNode(lab, "node-a", [...enter, "ip", "route", "add", "unreachable", "198.51.100.0/24"]);
    const runs = await Promise.all(
      (["udp", "tcp-connect", "http"] as const).map((kind) => probe([kind, "198.51.100.7", 80], 2)),
    );
    for (const { record } of runs) {
      t.match(record.attempts[0]?.outcome, "error", record.kind);
      t.match(record.attempts[0]?.detail, /no route to host/i, record.kind);
    }
    const nowhere = planProbe(
      makeFlow("ping", { ip: "198.51.100.7", port: null }, { netns: { kind: "path", path } }),
      OPTIONS,
    );
    const none = parseProbe(nowhere, await execInNode(lab, "node-a", nowhere.argv));
    t.match(none, { attempts: [], exitCode: 2, error: "ping: connect: No route to host" });
    const flow = makeFlow(
      "ping-large",
      { ip: WEB, port: null },
      { netns: { kind: "path", path }, mtuBytes: 1500 },
    );
    const plan = planProbe(flow, { ...OPTIONS, count: 2 });
    const large = parseProbe(plan, await execInNode(lab, "node-a", plan.argv));
    t.match(large.attempts[1], { outcome: "error", detail: /message too long, mtu.?1450/i });
  });

  await t.test("connected, and then nothing", async (t) => {
    // The far pod takes the handshake and loses what carries data.
    const rule = ["-p", "tcp", "-d", WEB, "--tcp-flags", "PSH", "PSH", "-j", "DROP"];
    await execInNode(lab, "node-b", ["iptables", "-w", "5", "-I", "FORWARD", "1", ...rule]);
    const run = await probe(["http", WEB, 8080], 2);
    await execInNode(lab, "node-b", ["iptables", "-w", "5", "-D", "FORWARD", ...rule]);
    t.same([...new Set(run.record.attempts.map((each) => each.outcome))], ["timeout"]);
    t.match(run.record.attempts[0]?.detail, "connected, then no answer");
  });

  await t.test("no process is left", async (t) => {
    const count = ["sh", "-c", "ps -eo args | grep -c '[h]opbook-probe'", "left"];
    let left = "";
    for (let tries = 0; tries < 40 && left !== "0"; tries++, await sleep(50))
      left = (await execInNode(lab, "node-a", count)).stdout.trim();
    t.equal(left, "0");
  });
});

/** What TCP is tried by, in this order: each where those before it cannot be run. */
const STREAMS: readonly ProbeKind[] = ["tcp-connect", "http"];
const WAYS = [
  { way: "python3", hidden: ["perl"], kinds: [...STREAMS, "dns-udp", "dns-tcp"] },
  { way: "bash", hidden: ["perl", "python3"], kinds: [...STREAMS, "dns-udp", "dns-tcp"] },
  { way: "netcat", hidden: ["perl", "python3", "bash", "nc"], kinds: STREAMS },
] satisfies { way: string; hidden: string[]; kinds: readonly ProbeKind[] }[];

/** In a mount namespace of its own every program but those of $1. */
const HIDE = `
mount --bind /usr/bin /mnt && mount -t tmpfs tmpfs /usr/bin && /mnt/ln -s /mnt/* /usr/bin/ || exit 9
for program in $1; do /mnt/rm -f /usr/bin/$program; ! command -v $program >/dev/null || exit 9; done
shift
exec "$@"`;

interface Seen {
  /** "udp 192.168.218.66 53" → local ports. */
  readonly ports: ReadonlyMap<string, ReadonlySet<number>>;
  /** Resets that our side sent. */
  readonly resets: number;
}

/** Runs something while tcpdump lists the local ports in the pod's network namespace. */
async function watchPorts<T>(
  lab: LabState,
  path: string,
  run: () => Promise<T>,
): Promise<{ result: T; seen: Seen }> {
  const pid = lab.nodes[0]?.pid ?? 0;
  const dump = [
    "tcpdump",
    "-l",
    "-nn",
    "-p",
    "--immediate-mode",
    "-i",
    "eth0",
    "src host 192.168.174.129 and (tcp or udp)",
  ];
  const child = spawn("nsenter", ["-t", String(pid), "-m", "-n", "--", "nsenter", `--net=${path}`, ...dump]);
  const text = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text.err += chunk.toString()));
  const closed = new Promise((resolve) => child.once("close", resolve));
  for (let tries = 0; tries < 750 && !text.err.includes("listening on"); tries++) await sleep(20);
  const result = await run();
  // What tcpdump has not written yet when it is told to end is lost: until nothing comes any more.
  for (let seen = -1; seen !== text.out.length; await sleep(300)) seen = text.out.length;
  child.kill("SIGINT");
  await closed;
  const ports = new Map<string, Set<number>>();
  let resets = 0;
  for (const line of text.out.split("\n")) {
    const match = / IP [0-9.]+\.([0-9]+) > ([0-9.]+)\.([0-9]+): (Flags \[([^\]]*)\])?/.exec(line);
    if (match === null) continue;
    const [, local = "", ip = "", port = "", , flags = ""] = match;
    if (flags.includes("R")) resets++;
    const key = `${match[4] === undefined ? "udp" : "tcp"} ${ip} ${port}`;
    ports.set(key, (ports.get(key) ?? new Set()).add(Number(local)));
  }
  return { result, seen: { ports, resets } };
}

function comparePorts(t: Test, runs: Map<ProbeKind, Ran>, seen: Seen): void {
  for (const [kind, { record }] of runs) {
    if (kind === "ping" || kind === "ping-large") continue;
    const protocol = kind === "udp" || kind === "dns-udp" ? "udp" : "tcp";
    const found = seen.ports.get(`${protocol} ${record.to.ip} ${record.to.port}`) ?? new Set<number>();
    // The kernel may give a port again that an earlier attempt has let go.
    const said = [...new Set(record.attempts.map((each) => each.localPort))];
    t.same([...found].sort(), said.sort(), `${kind}: local ports ${said.join(" ")}`);
  }
}
