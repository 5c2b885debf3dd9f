import type { FlowProtocol } from "../../../lib/model/findings.js";
import type { ExpectedFlow as ExpectedVerdict } from "../../analysis/cases/cases.js";
import type { Shape } from "./world.js";

/** A flow that the findings must have, with what is known of it where the fault was made for real. */
export interface ExpectedFlow extends ExpectedVerdict {
  /** What nft's counters `seen` and `lost` counted while the traffic ran. */
  readonly counted?: true;
  /** What legs must say is missing. */
  readonly missing?: readonly (readonly [
    way: "request" | "reply",
    from: string,
    to: string,
    packets: number,
  ])[];
  /** Codes of detectors that must speak. */
  readonly findings?: readonly string[];
  /** Codes that must not. */
  readonly silent?: readonly string[];
  /** An exchange whose outcome holds these words. */
  readonly outcome?: string;
}

type Command = readonly [where: string, script: string];

/** How captures of a kept set come about, and what is true of them. */
export interface Scenario {
  readonly name: string;
  readonly what: string;
  readonly shape?: Partial<Shape>;
  /** `machine.interface`, in the order of the request. */
  readonly files: readonly string[];
  /** Before the captures begin. */
  readonly set?: readonly Command[];
  readonly traffic: readonly Command[];
  readonly snaplen?: number;
  /** What tcpdump gets: to keep a set small. */
  readonly filter?: string;
  /** Those that are not named here must be delivered, with nothing found. */
  readonly flows: readonly ExpectedFlow[];
}

const SENDER = ["p1.eth0", "n1.veth1"] as const;
const RECEIVER = ["n2.veth2", "p2.eth0"] as const;

/** The ways between p1 and p2, by wiring. */
export const BRIDGED: readonly string[] = [
  ...SENDER,
  ...["n1.cni0", "n1.flannel.1", "n1.eth0", "n2.eth0", "n2.flannel.1", "n2.cni0"],
  ...RECEIVER,
];
export const ROUTED: readonly string[] = [
  ...SENDER,
  ...["n1.vxlan.calico", "n1.eth0", "n2.eth0", "n2.vxlan.calico"],
  ...RECEIVER,
];
export const PLAIN: readonly string[] = [...SENDER, "n1.eth0", "n2.eth0", ...RECEIVER];

export const delivered = (
  protocol: FlowProtocol,
  port?: number,
  more: Partial<ExpectedFlow> = {},
): ExpectedFlow => ({ protocol, statuses: ["delivered"], ...(port === undefined ? {} : { port }), ...more });

/** An nft table `loss` that counts what a rule sees and drops: `match` says of what, `when` of that which. */
export function dropping(
  match: string,
  when: string,
  hook = "type filter hook forward priority -10;",
): string {
  const family = hook.includes("ingress") ? "netdev" : "inet";
  return `nft -f - <<'END'
table ${family} loss {
  counter seen { }
  counter lost { }
  chain way { ${hook} policy accept; ${match} counter name "seen" jump some; }
  chain some { ${when} counter name "lost" drop; }
}
END`;
}
