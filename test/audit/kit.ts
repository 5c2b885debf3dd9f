import { auditPath } from "../../lib/audit/audit.js";
import type { AuditedHop, AuditedPath } from "../../lib/audit/path.js";
import type { AuditSeverity, AuditStatement } from "../../lib/model/audit/audit.js";
import type { PathPart } from "../../lib/audit/check.js";
import type { PolicyFacts } from "../../lib/model/cni/network-policy.js";
import type { StateKind, StateRecord } from "../../lib/model/evidence.js";
import type { Protocol } from "../../lib/model/traffic.js";

const VXLAN = { kind: "vxlan", port: 8472, vni: 1, outer: 4 } as const;

function hop(node: string, role: string, name: string): AuditedHop {
  return { node, role, interface: name, encapsulation: role === "nic" ? VXLAN : { kind: "none" } };
}

const HALF = [
  ["pod", "eth0"],
  ["host-veth", "veth1"],
  ["bridge", "cni0"],
  ["tunnel", "flannel.1"],
  ["nic", "ens4"],
] as const;

/** shop/client on node-a and shop/web on node-b, bridges and a VXLAN tunnel between them. */
export const PATH: AuditedPath = {
  from: end("shop/client", "node-a", { ip: "10.1.0.5", port: null }),
  to: end("shop/web", "node-b", { ip: "10.1.1.7", port: 8080 }),
  hops: [
    ...HALF.map(([role, name]) => hop("node-a", role, name)),
    ...HALF.toReversed().map(([role, name]) => hop("node-b", role, name)),
  ],
  replyHops: null,
  underlay: {
    "node-a": { ip: "192.0.2.1", interface: "ens4" },
    "node-b": { ip: "192.0.2.2", interface: "ens4" },
  },
  tunnels: {},
};

function end(pod: string, node: string, at: { ip: string; port: number | null }): AuditedPath["from"] {
  return { pod, node, ...at, addresses: [at] };
}

/** What a look at a node said; `at`: "node-b", or "node-b shop/web" for inside the pod. */
export interface Look {
  readonly at: string;
  readonly kind: StateKind;
  readonly text?: string;
  readonly argv?: string;
  readonly exitCode?: number;
  readonly stderr?: string;
}

interface Asked {
  readonly path?: AuditedPath;
  readonly protocol?: Protocol;
  readonly port?: number | null;
  readonly policies?: PolicyFacts | null;
  readonly part?: PathPart;
}

/** The statements of one check on made looks, as `severity: what`. */
export function ask(check: string, looks: readonly Look[], asked: Asked = {}): string[] {
  return askFully(check, looks, asked).map(({ severity, what }) => `${severity}: ${what}`);
}

/** The same with all that they hold. */
export function askFully(check: string, looks: readonly Look[], asked: Asked = {}): AuditStatement[] {
  const { path = PATH, protocol = "tcp", port = null, policies = null, part = "whole" } = asked;
  const texts = new Map<string, string>();
  const state = looks.map(
    ({ at, kind, text = "", argv = kind, exitCode = 0, stderr = "" }, index): StateRecord => {
      const [node = "", pod] = at.split(" ");
      const file = `look-${String(index)}`;
      texts.set(file, text);
      const words = argv.split(" ") as unknown as StateRecord["argv"];
      return {
        node,
        netns: pod === undefined ? "host" : { pod },
        kind,
        phase: "after",
        argv: words,
        exitCode,
        file,
        stderr,
      };
    },
  );
  const given = {
    looks: { state, readText: (file: string) => texts.get(file) },
    protocol,
    port,
    policies,
    part,
  };
  return auditPath(path, given).statements.filter((one) => one.check === check);
}

/** Those of one severity. */
export function only(severity: AuditSeverity, said: readonly string[]): string[] {
  return said.filter((one) => one.startsWith(`${severity}: `)).map((one) => one.slice(severity.length + 2));
}

export interface MadeLink {
  readonly name: string;
  readonly mtu?: number;
  readonly mac?: string;
  readonly master?: string;
  readonly state?: string;
  readonly hairpin?: boolean;
  readonly isolated?: boolean;
  readonly ip?: string;
}

/** `ip -j -s -d link show` of devices that are up, or `ip -j address show` where they have addresses. */
export function links(...made: readonly MadeLink[]): string {
  return JSON.stringify(
    made.map(({ name, mtu = 1500, mac = "02:00:00:00:00:01", master, state, ip, ...port }, index) => ({
      ...{ ifindex: index + 1, ifname: name, flags: ["UP"], mtu, operstate: "UP", address: mac },
      ...(master === undefined ? {} : { master }),
      ...(state === undefined
        ? {}
        : {
            linkinfo: {
              info_slave_kind: "bridge",
              info_slave_data: { state, hairpin: port.hairpin ?? false, isolated: port.isolated ?? false },
            },
          }),
      ...(ip === undefined
        ? {}
        : { addr_info: [{ family: "inet", local: ip, prefixlen: 24, scope: "global" }] }),
    })),
  );
}
