import { podAddress, type Pod } from "./world.js";

/** The ClusterIP of all scenarios. */
export const SERVICE = "10.96.0.10";

interface ServiceOptions {
  readonly port?: number;
  readonly target?: number;
  readonly protocol?: "tcp" | "udp";
  readonly others?: readonly Pod[];
}

/** What kube-proxy would write: connections go to the pods by turns. */
export function service(
  pod: Pod,
  { port = 80, target = 8080, protocol = "tcp", others = [] }: ServiceOptions = {},
): string {
  const match = `-d ${SERVICE} -p ${protocol} --dport ${port}`;
  const pods = [...others, pod];
  return ["PREROUTING", "OUTPUT"]
    .flatMap((chain) =>
      pods.map((one, index) => {
        const every = pods.length - index;
        const turn = every === 1 ? "" : `-m statistic --mode nth --every ${every} --packet 0`;
        return `iptables -t nat -A ${chain} ${match} ${turn} -j DNAT --to-destination ${podAddress(one)}:${target}`;
      }),
    )
    .join("; ");
}
