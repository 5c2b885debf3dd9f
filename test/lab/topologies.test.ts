import t from "tap";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  downLab,
  execInNode,
  execInPod,
  listFaults,
  setFault,
  upLab,
  type LabState,
} from "../../lib/lab/index.js";
import { bracketIp } from "../../lib/linux/endpoint.js";
import { DEFAULT_TOPOLOGY, LAB_TOPOLOGIES, type LabTopology } from "../../lib/lab/topologies.js";
import { mostMs } from "../fixtures/patience.js";

/** Each topology of the lab, apart from hopbook: it comes up, carries all that is sent, and every fault goes on and off. */

const dir = mkdtempSync(join(tmpdir(), "hopbook-topologies-"));
const NAMES = Object.keys(LAB_TOPOLOGIES) as LabTopology[];
/** In quiet it is half a second. */
const UP_MS = 5000;

t.teardown(async () => {
  for (const name of NAMES) await downLab({ name, dir });
  rmSync(dir, { recursive: true });
});

const client = async (state: LabState, ...argv: string[]): Promise<string> =>
  (await execInPod(state, "shop/client", argv)).stdout;

type Pod = LabState["nodes"][number]["pods"][number];

t.jobs = 2;
for (const topology of NAMES) {
  t.test(topology, { buffered: true }, async (t) => {
    const state = await upLab({ name: topology, dir, topology, nodes: 3 });
    t.comment(`up in ${String(state.upMs)} ms`);
    t.ok(state.upMs < mostMs(UP_MS), "up in seconds");
    const podOf = (name: string): Pod | undefined =>
      state.nodes.flatMap(({ pods }) => pods).find((pod) => pod.name === name);
    const ipOf = (name: string): string => podOf(name)?.ip ?? "";
    const serviceOf = (name: string): string[] => [
      ...new Set(state.services.filter((each) => each.name === name).map((each) => each.clusterIp)),
    ];
    const [web = ""] = serviceOf("shop/web").toReversed();

    await t.test("pods reach pods, nodes and services", async (t) => {
      for (const pod of ["cart", "web", "dns", "stock"]) {
        for (const ip of [ipOf(pod), ...(podOf(pod)?.additionalIps ?? [])]) {
          const { exitCode } = await execInPod(state, "shop/client", ["ping", "-nc1", "-W20", ip]);
          t.equal(exitCode, 0, `ping of ${pod} at ${ip}`);
        }
      }
      for (const node of state.nodes) {
        const { exitCode } = await execInPod(state, "shop/client", ["ping", "-nc1", "-W20", node.address]);
        t.equal(exitCode, 0, `ping of ${node.name}`);
      }
      for (const server of [ipOf("dns"), ...serviceOf("shop/dns")]) {
        for (const tcp of ["+notcp", "+tcp"]) {
          const dig = [
            "dig",
            "+short",
            "+time=20",
            "+tries=2",
            tcp,
            `@${server}`,
            "web.shop.svc.cluster.local",
          ];
          t.equal(await client(state, ...dig), "10.96.0.20\n", `${server} ${tcp}`);
        }
      }
      const urls = [
        `${bracketIp(ipOf("web"))}:8080`,
        ...serviceOf("shop/web").map(bracketIp),
        "web.shop.svc.cluster.local",
        `${bracketIp(ipOf("stock"))}:8080`,
      ];
      for (const url of urls) {
        t.equal(await client(state, "curl", "-sS", "-m20", `http://${url}/`), "web of shop answers\n", url);
      }
      const beyond = `http://${state.outside.ip}/`;
      t.equal(await client(state, "curl", "-sS", "-m20", beyond), "outside answers\n", "beyond the nodes");
      t.equal((await client(state, "curl", "-sS", "-m20", "http://10.96.0.20/large")).length, 65_536);
    });

    // The default topology's are tried hop by hop in lab.test.ts.
    const skip = topology === DEFAULT_TOPOLOGY;
    await t.test("every fault hurts, and is taken back exactly", { skip }, async (t) => {
      for (const { name: fault, signature } of listFaults(topology)) {
        const before = await describe(state);
        await setFault({ name: topology, dir, fault, on: true });
        const size = signature.affects === "large" ? ["-s1400", "-Mdo"] : [];
        const probe =
          signature.affects === "ports"
            ? ["curl", "-sS", "-m0.5", `http://${bracketIp(web)}/`]
            : ["ping", "-nc1", "-W0.5", ...size, ipOf("web")];
        t.not((await execInPod(state, "shop/client", probe)).exitCode, 0, `${fault}: ${probe.join(" ")}`);
        await setFault({ name: topology, dir, fault, on: false });
        t.equal(await describe(state), before, `${fault}: taken back`);
      }
    });
    await downLab({ name: topology, dir });
  });
}

/** Everything a fault may touch, as text without counters. */
async function describe(state: LabState): Promise<string> {
  const script = `ip -o link | sed 's/state [A-Z]*//'; ip rule; ip route; ip -6 route; ip neigh show nud permanent
    bridge fdb show | grep permanent | sort
    iptables-save; ip6tables-save; nft list tables; ethtool -k eth0; cat /proc/sys/net/ipv4/conf/*/rp_filter
    for p in /run/netns/*; do nsenter --net=$p sh -c 'ethtool -k eth0; nft list tables; ss -Hlntu'; done`;
  const texts = await Promise.all(
    state.nodes.map((node) => execInNode(state, node.name, ["sh", "-c", script])),
  );
  return texts.map((each) => each.stdout.replace(/^#.*\n|\[\d+:\d+\]/gm, "")).join("");
}
