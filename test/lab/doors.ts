import { auditHops } from "../../lib/run/audit.js";
import { execInNode } from "../../lib/lab/index.js";
import type { Findings } from "../../lib/model/findings.js";
import type { Bench } from "./bench.js";

/** What tests of ways in by other addresses share: NodePorts, load balancers' addresses, external IPs, host ports. */

export type Flow = Findings["flows"][number];

export interface Traced {
  readonly flow: Flow;
  readonly stderr: string;
}

export async function trace(bench: Bench, from: string, to: string): Promise<Traced> {
  const { stdout, stderr } = await bench.run("--from", from, "--to", to, "--output", "json");
  const [flow] = (JSON.parse(stdout) as Findings).flows;
  if (flow === undefined) throw new Error(stderr);
  return { flow, stderr };
}

/** `a pod, a host-veth, …`, by the last letter of each node. */
export const placesOf = ({ hops }: Flow): string =>
  hops.map(({ node, role }) => `${node.slice(-1)} ${role}`).join(", ");

export async function audited(bench: Bench, from: string, to: string): ReturnType<typeof auditHops> {
  const { profile } = bench.lab.files;
  return auditHops({
    ...{ from, to, cluster: profile, cwd: "/", grants: { yes: true } },
    ...{ signal: new AbortController().signal, onEvent: () => undefined },
  });
}

/** As the portmap plugin writes it: port 8088 of node-b is shop/web's. */
const HOST_PORT = `*nat
:CNI-HOSTPORT-DNAT - [0:0]
:CNI-DN-1f - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"k8s-pod-network\\" id: \\"1f\\"" -m multiport --dports 8088 -j CNI-DN-1f
-A CNI-DN-1f -p tcp -m tcp --dport 8088 -j DNAT --to-destination 192.168.218.65:8080
COMMIT
`;

export async function openHostPort(bench: Bench): Promise<void> {
  const argv = ["iptables-restore", "-w", "5", "--noflush"];
  const made = await execInNode(bench.lab, "node-b", argv, { stdin: HOST_PORT });
  if (made.exitCode !== 0) throw new Error(made.stderr);
}
