import { formatAddress } from "../../linux/endpoint.js";
import type { IpvsServer, IpvsService } from "../../linux/ipvs.js";
import { parseLinks } from "../../linux/links.js";
import type { Balanced } from "../../readings/balancer.js";
import type { Netns } from "../../readings/reader.js";
import { evidenceOf, type AuditWorld, type Said } from "../check.js";
import { isInPod } from "../path.js";

type Found = Pick<Said, "severity" | "what" | "next"> & { readonly line: string };

const BY_PROXY =
  "See kube-proxy's log on that node, and the Service's EndpointSlices: `kubectl get endpointslices`";

/** What the kernel's load balancer makes of a Service's address: `ipvsadm -Ln` shows people the same. */
export function judgeBalancer(
  world: AuditWorld,
  at: Netns,
  { reading, ofAddress, service }: Balanced,
): Said[] {
  const { to } = world.path;
  const known = to.addresses.filter(({ ip }) => ip !== to.ip).map(({ ip }) => ip);
  const found =
    service === null
      ? [withoutPort(world, ofAddress)]
      : [...judgeServers(service, known), ...untaken(world, at)];
  return found.map(({ line, ...said }) => ({
    ...{ ...said, direction: "request", place: { ...at, device: null } },
    evidence: [evidenceOf(reading, line)],
  }));
}

function withoutPort({ path, protocol }: AuditWorld, ofAddress: readonly IpvsService[]): Found {
  const { ip, port } = path.to;
  const ports = ofAddress.map((one) => `${String(one.port)}/${one.protocol}`).join(", ");
  return {
    ...{ severity: "fault", line: `${ip} has ${ports}` },
    what: `IPVS has no ${protocol} port ${String(port)} of ${ip}: it has ${ports}`,
    next: BY_PROXY,
  };
}

function judgeServers(service: IpvsService, known: readonly string[]): Found[] {
  const { servers } = service;
  const name = spellService(service);
  const taken = servers.filter(({ weight }) => weight > 0);
  const says = servers.map(spellServer).join(", ");
  if (servers.length === 0)
    return [
      {
        ...{ severity: "fault", line: `${name}, no server`, next: BY_PROXY },
        what: `IPVS has ${name} without an endpoint: what is sent there is refused`,
      },
    ];
  if (taken.length === 0)
    return [
      {
        ...{ severity: "fault", line: `${name} -> ${says}`, next: BY_PROXY },
        what: `all endpoints of ${name} have weight 0 in IPVS, which gives them nothing new: ${says}`,
      },
    ];
  const strange = taken.filter(({ ip }) => known.length > 0 && !known.includes(ip));
  const resting = servers.filter(({ ip, weight }) => weight === 0 && known.includes(ip));
  const led: Found =
    strange.length === 0
      ? {
          ...{ severity: "fine", line: `${name} -> ${says}`, next: null },
          what: `IPVS leads ${name} to ${taken.map(spellServer).join(", ")}`,
        }
      : {
          ...{ severity: "warning", line: `${name} -> ${says}` },
          what: `IPVS leads ${name} to ${strange.map(spellServer).join(", ")}, none of its endpoints that are known here`,
          next: "Hold it against the Service's EndpointSlices: `kubectl get endpointslices`",
        };
  return [
    led,
    ...resting.map((server): Found => ({
      ...{ severity: "warning", line: `${name} -> ${spellServer(server)}`, next: BY_PROXY },
      what: `IPVS gives ${formatAddress(server)}, an endpoint of ${name}, nothing new: its weight is 0`,
    })),
  ];
}

/** It takes packets of others in only where they are for the node itself. */
function untaken(world: AuditWorld, at: Netns): Found[] {
  const { from, to } = world.path;
  const [addresses] = world.state.readings(at, "addresses");
  const isFromNode = from.node === at.node && !isInPod(world.path, from);
  if (addresses === undefined || isFromNode) return [];
  const isOwn = parseLinks(addresses.text).some(({ addressInfo }) =>
    addressInfo.some(({ ip }) => ip === to.ip),
  );
  if (isOwn) return [];
  return [
    {
      ...{ severity: "fault", line: `${to.ip}, which no device of the node has` },
      what: `no device of ${at.node} has ${to.ip}, so that IPVS does not see what pods send there`,
      next: "kube-proxy gives it to a device of its own in IPVS mode: see its log on that node",
    },
  ];
}

function spellService({ protocol, ip, port }: IpvsService): string {
  return `${protocol} ${formatAddress({ ip: String(ip), port })}`;
}

function spellServer(server: IpvsServer): string {
  const { forward, weight } = server;
  return `${formatAddress(server)} (weight ${String(weight)}${forward === "masquerade" ? "" : `, ${forward}`})`;
}
