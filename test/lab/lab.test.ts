import t from "tap";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import {
  downLab,
  execInNode,
  execInOperator,
  execInPod,
  listFaults,
  listLabs,
  requireLab,
  setFault,
  statusLab,
  upLab,
  type LabState,
} from "../../lib/lab/index.js";
import type { HopbookError } from "../../lib/errors.js";
import { requireNamespaces, requirePrograms } from "../../lib/lab/programs.js";
import { mostMs, waitUntil } from "../fixtures/patience.js";
import { countHops } from "./hops.js";
import { compiledOf } from "../compiled.js";

const name = "labtest";
const dir = mkdtempSync(join(tmpdir(), "hopbook-labtest-"));
const lab = { name, dir };
const allowed =
  process.getuid?.() !== 0
    ? "needs root"
    : await requireNamespaces(false).then(
        () => false as const,
        (error: HopbookError) => error.message,
      );

t.teardown(async () => {
  for (const each of [name, `${name}-2`, `${name}-3`]) await downLab({ name: each, dir });
  rmSync(dir, { recursive: true });
});

/** What of a lab would show on the machine. */
function look(): Record<string, unknown> {
  const read = (path: string): string => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return ""; // A process that has just ended.
    }
  };
  const processes = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => read(`/proc/${pid}/cmdline`).replaceAll("\0", " "))
    .filter((line) => line.includes(dir) && !line.includes("tap"));
  return {
    processes,
    mounts: read("/proc/mounts")
      .split("\n")
      .filter((line) => line.includes(dir) || line.includes("hopbook-lab")),
    namespaces: existsSync("/run/netns")
      ? readdirSync("/run/netns").filter((entry) => /node-[ab]|operator|^cni-/.test(entry))
      : [],
    links: execFileSync("ip", ["-o", "link"], { encoding: "utf8" })
      .split("\n")
      .filter((line) => /underlay|node-[ab]|cali|vxlan/.test(line)),
    files: readdirSync(dir),
    // A cluster of the tests' own comes and goes beside this.
    varTmp: readdirSync("/var/tmp").filter((entry) => /^hopbook(?!-test-cluster)/.test(entry)),
  };
}

const client = (state: LabState, ...argv: string[]) => execInPod(state, "shop/client", argv);

t.test("up, used, down", { skip: allowed }, async (t) => {
  const before = look();
  const state = await upLab({ ...lab, topology: "calico-vxlan" });
  t.comment(`up in ${String(state.upMs)} ms`);
  t.ok(state.upMs < mostMs(5000), "up in seconds");
  t.equal(statusLab(lab).status, "up");
  t.same(
    listLabs({ dir }).map((each) => each.name),
    [name],
  );

  await t.test("pods reach pods and services", async (t) => {
    for (const ip of ["192.168.218.65", "192.168.218.66", "192.168.174.130"]) {
      t.equal((await client(state, "ping", "-n", "-c1", "-W20", ip)).exitCode, 0, ip);
    }
    for (const server of ["192.168.218.66", "10.96.0.10"]) {
      for (const tcp of ["+notcp", "+tcp"]) {
        const dig = [
          "dig",
          "+short",
          "+time=20",
          "+tries=1",
          tcp,
          `@${server}`,
          "web.shop.svc.cluster.local",
        ];
        t.equal((await client(state, ...dig)).stdout, "10.96.0.20\n", `${server} ${tcp}`);
      }
    }
    for (const url of [
      "http://192.168.218.65:8080/",
      "http://10.96.0.20/",
      "http://web.shop.svc.cluster.local/",
    ]) {
      t.equal((await client(state, "curl", "-sS", "-m20", url)).stdout, "web of shop answers\n", url);
    }
    t.equal((await client(state, "curl", "-sS", "-m20", "http://10.96.0.20/large")).stdout.length, 65_536);
    const unknown = await client(state, "dig", "+time=20", "@10.96.0.10", "none.shop.svc.cluster.local");
    t.match(unknown.stdout, "NXDOMAIN");
  });

  await t.test("packets pass eight hops", async (t) => {
    const seen = await countHops(state, {
      to: "web",
      argv: ["ping", "-n", "-c3", "-i0.2", "192.168.218.65"],
    });
    t.same(
      seen,
      Array.from({ length: 8 }, () => "3/3"),
    );
  });

  await t.test("crictl's pids and paths lead into the pods", async (t) => {
    for (const node of state.nodes) {
      for (const pod of node.pods) {
        const inspect = await execInNode(state, node.name, ["crictl", "inspectp", pod.sandboxId]);
        const { info, status } = JSON.parse(inspect.stdout);
        t.equal(status.network.ip, pod.ip);
        const netns = info.runtimeSpec.linux.namespaces.find(
          (each: { type: string }) => each.type === "network",
        );
        for (const entry of [`--net=${String(netns.path)}`, `--net=/proc/${String(info.pid)}/ns/net`]) {
          const argv = ["nsenter", entry, "ip", "-o", "address", "show", "dev", "eth0"];
          t.match((await execInNode(state, node.name, argv)).stdout, `${pod.ip}/32`, entry);
        }
        const host = Object.entries<{ Sandbox: string }>(info.cniResult.Interfaces)
          .filter(([, each]) => each.Sandbox === "")
          .map(([key]) => key);
        t.same(host, [pod.hostInterface]);
        const container = await execInNode(state, node.name, ["crictl", "inspect", pod.containerId]);
        const cmdline = `/proc/${String(JSON.parse(container.stdout).info.pid)}/cmdline`;
        t.match((await execInNode(state, node.name, ["cat", cmdline])).stdout, "container.sh");
      }
    }
  });

  await t.test("a node has its own files and processes", async (t) => {
    const own = await execInNode(state, "node-a", [
      "sh",
      "-c",
      "hostname; ls -A /root /var/tmp /tmp; echo $$",
    ]);
    t.match(own.stdout, /^node-a\n\/root:\n\n\/tmp:\n\n\/var\/tmp:\n\d{1,4}\n$/);
    const routes = await execInNode(state, "node-a", ["ip", "route"]);
    t.match(routes.stdout, "192.168.218.64/26 via 192.168.218.64 dev vxlan.calico onlink mtu 1450");
    t.match(routes.stdout, "blackhole 192.168.174.128/26 proto 80");
    const tracing = await execInNode(state, "node-a", ["test", "-e", "/sys/kernel/tracing/instances"]);
    t.equal(tracing.exitCode, 0, "tracefs is mounted");
    t.match(
      (await execInNode(state, "node-b", ["cat", "/etc/shadow"])).stdout,
      /^root:\*:.*\nsshd:\*:.*\noncall:\*:/,
    );
  });

  await t.test("ssh with strict host keys", async (t) => {
    const ssh = (...args: string[]) => {
      const argv = ["-F", state.files.sshConfig, "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", ...args];
      return spawnSync("ssh", argv, { encoding: "utf8", timeout: 60_000 });
    };
    t.equal(ssh("node-b", "hostname").stdout, "node-b\n");
    t.match(ssh("10.77.0.11", "crictl version").stdout, "containerd", "crictl is in the PATH");
    t.match(ssh("oncall@node-a", "id -un").stdout, "oncall");
    const stranger = ssh("-o", "UserKnownHostsFile=/dev/null", "node-a", "true");
    t.equal(stranger.status, 255);
    t.match(stranger.stderr, "Host key verification failed");
    const keyless = ssh(
      "-o",
      `IdentityFile=${state.files.knownHosts}`,
      "-o",
      "PubkeyAuthentication=no",
      "node-a",
      "true",
    );
    t.match(keyless.stderr, "Permission denied");
    t.equal((await execInOperator(state, ["ping", "-c1", "-W20", "10.77.0.12"])).exitCode, 0);
  });

  await t.test("profiles name the nodes' processes", async (t) => {
    const local = parse(readFileSync(state.files.profile, "utf8"));
    t.equal(local.kind, "ClusterProfile");
    t.equal(local.nodes[1].address, "10.77.0.12");
    const stat = readFileSync(`/proc/${String(local.nodes[1].access.pid)}/stat`, "utf8");
    t.equal(Number(stat.split(" ")[21]), local.nodes[1].access.startTimeTicks);
    const ssh = parse(readFileSync(state.files.sshProfile, "utf8"));
    t.same(ssh.access, { via: "ssh", user: "root", sudo: false, sshConfig: "./ssh_config" });
    t.ok(existsSync(join(state.dir, ssh.access.sshConfig)));
  });

  await t.test("up twice is a clear error, and hurts nobody", async (t) => {
    await t.rejects(upLab({ ...lab, topology: "calico-vxlan" }), {
      code: "USAGE",
      message: /labtest.*up already/,
    });
    t.equal(statusLab(lab).status, "up");
  });

  await t.test("another lab beside it", async (t) => {
    const other = { name: `${name}-2`, dir };
    const second = await upLab({ ...other, topology: "calico-vxlan" });
    await setFault({ ...other, fault: "forward-drop-a", on: true });
    t.same(statusLab(other).faults, ["forward-drop-a"]);
    t.equal((await client(second, "ping", "-n", "-c1", "-W1", "192.168.218.65")).exitCode, 1);
    t.equal((await client(state, "ping", "-n", "-c1", "-W20", "192.168.218.65")).exitCode, 0);
    await downLab(other);
    t.equal((await client(state, "ping", "-n", "-c1", "-W20", "192.168.218.65")).exitCode, 0);
  });

  await t.test("a dead node is noticed", async (t) => {
    const other = { name: `${name}-3`, dir };
    const third = await upLab({ ...other, topology: "calico-vxlan" });
    process.kill(third.nodes[1]?.pid ?? 0, "SIGKILL");
    await waitUntil(() => statusLab(other).status === "broken");
    t.match(statusLab(other), { status: "broken", deadNodes: ["node-b"] });
    await t.rejects(execInNode(third, "node-b", ["true"]), { code: "LAB_FAILED" });
    await downLab(other);
  });

  const down = await downLab(lab);
  t.comment(`down in ${String(down.downMs)} ms`);
  t.ok(down.existed);
  t.same(look(), before, "nothing is left");
  t.match(await downLab(lab), { existed: false }, "down again is no error");
  t.equal(statusLab(lab).status, "absent");
  t.throws(() => requireLab(lab), { code: "LAB_FAILED" });
});

t.test("faults", { skip: allowed }, async (t) => {
  const state = await upLab({ ...lab, topology: "calico-vxlan" });
  const ping = { to: "web", argv: ["ping", "-n", "-c2", "-i0.2", "-W1", "192.168.218.65"] } as const;
  const large = {
    to: "web",
    argv: ["ping", "-n", "-c2", "-i0.2", "-W1", "-s1400", "-Mdo", "192.168.218.65"],
  } as const;
  const none = (from: number): string[] =>
    Array.from({ length: 8 }, (_, index) => (index < from ? "2/0" : "0/0"));
  const lostAt: Readonly<Record<string, number>> = {
    "forward-drop-a": 2,
    "route-blackhole-a": 2,
    "fdb-missing": 3,
    "fdb-wrong-host": 4,
    "underlay-cut": 4,
    "nic-down-b": 4,
    "nic-ingress-drop-b": 5,
    "tunnel-input-drop-b": 5,
    "wrong-neighbour-mac": 6,
    "forward-drop-b": 6,
    "pod-route-missing-b": 6,
    "rp-filter-b": 6,
    "pod-input-drop": 8,
  };
  const expected: Record<string, string[]> = {
    "reply-drop-b": [...none(6).slice(0, 6), "2/2", "2/2"],
    "closed-port": Array.from({ length: 8 }, () => "2/2"),
    "bad-checksum": Array.from({ length: 8 }, () => "2/2"),
    "mtu-hole": Array.from({ length: 8 }, () => "2/2"),
  };
  for (const [fault, hops] of Object.entries(lostAt)) expected[fault] = none(hops);
  t.same(
    Object.keys(expected).sort(),
    listFaults()
      .map((fault) => fault.name)
      .sort(),
  );

  for (const [fault, hops] of Object.entries(expected)) {
    const before = await describe(state);
    await setFault({ ...lab, fault, on: true });
    await setFault({ ...lab, fault, on: true });
    t.same(await countHops(state, ping), hops, `${fault}: where pings end`);
    if (fault === "mtu-hole")
      t.same(await countHops(state, large), none(4), "mtu-hole: where large pings end");
    if (fault === "closed-port") {
      t.match(
        (await client(state, "curl", "-sS", "-m20", "http://10.96.0.20/")).stderr,
        /refused|Failed to connect/,
      );
    }
    if (fault !== "mtu-hole") {
      const dig = ["dig", "+time=1", "+tries=1", "@10.96.0.10", "web.shop.svc.cluster.local"];
      t.not((await client(state, ...dig)).exitCode, 0, `${fault}: DNS does not answer`);
    }
    if (fault === "bad-checksum") {
      const counters = await execInPod(state, "shop/dns", ["nstat", "-asz", "UdpInCsumErrors"]);
      t.match(counters.stdout, /UdpInCsumErrors +[1-9]/);
    }
    await setFault({ ...lab, fault, on: false });
    await setFault({ ...lab, fault, on: false });
    t.equal(await describe(state), before, `${fault}: taken back exactly`);
  }
  t.same(statusLab(lab).faults, []);
  await t.rejects(setFault({ ...lab, fault: "none-such", on: true }), { code: "USAGE" });
  await downLab(lab);
});

/** Everything a fault may touch, as text without counters. */
async function describe(state: LabState): Promise<string> {
  const script = `ip -o link | sed 's/state [A-Z]*//'; ip route; ip neigh show nud permanent; bridge fdb show dev vxlan.calico
    iptables-save; nft list tables; ethtool -k eth0; cat /proc/sys/net/ipv4/conf/*/rp_filter
    for p in /run/netns/*; do nsenter --net=$p sh -c 'ethtool -k eth0; nft list tables; ss -Hlntu'; done`;
  const texts = await Promise.all(
    state.nodes.map((node) => execInNode(state, node.name, ["sh", "-c", script])),
  );
  return texts.map((each) => each.stdout.replace(/^#.*\n|\[\d+:\d+\]/gm, "")).join("");
}

t.test("what a killed maker left is taken down", { skip: allowed }, async (t) => {
  const before = look();
  const program = compiledOf("./up-forever.ts", import.meta.url);
  for (const delayMs of [10, 20, 30, 40, 60, 90, 150, 250, 500]) {
    const maker = spawn(process.execPath, [...process.execArgv, program, name, dir], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await new Promise((resolve) => maker.stdout.once("data", resolve));
    await sleep(delayMs);
    const ended = new Promise((resolve) => maker.once("exit", resolve));
    maker.kill("SIGKILL");
    await ended;
    await downLab(lab);
    // What it had only just begun to start finds nothing to run, but takes a moment to end.
    await waitUntil(() => isDeepStrictEqual(look(), before));
    t.same(look(), before, `killed after ${String(delayMs)} ms`);
  }
});

t.test("names and folders are checked", async (t) => {
  for (const bad of ["", "../x", "a b", "A", "x".repeat(40), "-a", "a;b"]) {
    await t.rejects(downLab({ name: bad, dir }), { code: "USAGE" }, JSON.stringify(bad));
  }
  for (const bad of ["relative", "/tmp/a b", "/tmp/$(id)", "/tmp/`id`"]) {
    await t.rejects(downLab({ name, dir: bad }), { code: "USAGE" }, bad);
  }
  await t.rejects(upLab({ ...lab, topology: "flannel" as "calico-vxlan" }), { code: "USAGE" });
});

t.test("missing programs are listed as Debian packages", async (t) => {
  t.throws(() => requirePrograms({ rootless: false, folders: ["/nonexistent"] }), {
    code: "LAB_UNAVAILABLE",
    message: /tcpdump/,
    hint: /apt-get install .*dnsmasq-base.*iproute2.*openssh-server.*tcpdump/,
  });
  t.throws(() => requirePrograms({ rootless: false, vswitch: true, folders: ["/nonexistent"] }), {
    code: "LAB_UNAVAILABLE",
    message: /ovs-vswitchd/,
    hint: /openvswitch-switch .*ovn-central .*ovn-host /,
  });
});
