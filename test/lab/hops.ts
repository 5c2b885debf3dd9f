import { spawn } from "node:child_process";
import { execInPod, type LabState } from "../../lib/lab/index.js";
import { waitUntil } from "../fixtures/patience.js";

/**
 * Counts ICMP at the eight hops from shop/client to a pod on node-b while a command runs in the client: pod,
 * host side, tunnel, NIC of node-a, then NIC, tunnel, host side, pod of node-b. Each is "requests/replies".
 */
export async function countHops(
  state: LabState,
  traffic: { readonly to: string; readonly argv: readonly string[] },
): Promise<string[]> {
  const find = (name: string) => {
    for (const node of state.nodes) for (const pod of node.pods) if (pod.name === name) return { node, pod };
    throw new Error(`no pod ${name}`);
  };
  const [from, to] = [find("client"), find(traffic.to)];
  const end = (at: typeof from) => [`--net=${at.pod.netnsPath}`];
  const points: [number, string[], string][] = [
    [from.node.pid, end(from), "eth0"],
    [from.node.pid, [], from.pod.hostInterface],
    [from.node.pid, [], "vxlan.calico"],
    [from.node.pid, [], "eth0"],
    [to.node.pid, [], "eth0"],
    [to.node.pid, [], "vxlan.calico"],
    [to.node.pid, [], to.pod.hostInterface],
    [to.node.pid, end(to), "eth0"],
  ];
  const captures = points.map(([pid, netns, device], index) => {
    const filter = index === 3 || index === 4 ? "udp dst port 4789 and udp[39] = 1" : "icmp";
    const dump = ["tcpdump", "-l", "-nn", "--immediate-mode", "-i", device, filter];
    const inner = netns.length > 0 ? ["nsenter", ...netns, ...dump] : dump;
    // Without its PID namespace, so that the signal reaches tcpdump itself.
    const child = spawn("nsenter", ["-t", String(pid), "-m", "-n", "--", ...inner]);
    const text = { out: "", err: "" };
    child.stdout.on("data", (chunk: Buffer) => (text.out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (text.err += chunk.toString()));
    return { child, text, done: new Promise((resolve) => child.once("close", resolve)) };
  });
  const listen = await waitUntil(() => captures.every(({ text }) => text.err.includes("listening on")));
  if (!listen) throw new Error(`not all listen: ${captures.map(({ text }) => text.err).join("")}`);
  await execInPod(state, "shop/client", traffic.argv);
  await settle(() => captures.map(({ text }) => text.out.length).join());
  for (const { child } of captures) child.kill("SIGINT");
  await Promise.all(captures.map(({ done }) => done));
  return captures.map(({ text }) => {
    const count = (what: string): number => text.out.split(`ICMP echo ${what}`).length - 1;
    return `${String(count("request"))}/${String(count("reply"))}`;
  });
}

/** What tcpdump has seen and not yet printed comes with the next looks: so many of them that show no more. */
const QUIET_LOOKS = 10;

async function settle(read: () => string): Promise<void> {
  let [last, quiet] = ["", 0];
  await waitUntil(
    () => {
      const now = read();
      quiet = now === last ? quiet + 1 : 0;
      last = now;
      return quiet >= QUIET_LOOKS;
    },
    { everyMs: 30 },
  );
}
