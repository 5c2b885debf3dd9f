import type { End } from "../model/cluster.js";
import type { EvidenceEnd, FlowEvidence } from "../model/evidence.js";
import type { Flow, Hop } from "../model/hops.js";

/** A flow as evidence/flows.json has it: with the captures of its hops, without what only the live nodes need. */
export function describeFlow(flow: Flow): FlowEvidence {
  const { path } = flow;
  const hops = (list: readonly Hop[]): FlowEvidence["hops"] =>
    list.map(({ index, id, node, role, rank, interface: name, mtuBytes, encapsulation, passedBy }) => ({
      ...{ index, id, node, role, ...(rank === undefined ? {} : { rank }) },
      ...{ interface: name, mtuBytes, encapsulation },
      ...(passedBy === undefined ? {} : { passedBy }),
      pcap: `captures/${node}/${id}.pcap`,
    }));
  return {
    id: flow.id,
    from: endOf(path.from),
    to: endOf(path.to),
    protocol: flow.protocol,
    probe: flow.probe,
    ...(flow.oneWay === undefined ? {} : { oneWay: flow.oneWay }),
    hops: hops(path.hops),
    replyHops: path.replyHops === null ? null : hops(path.replyHops),
    underlay: path.underlay,
    tunnels: path.tunnels,
    ...(path.switched === undefined ? {} : { switched: path.switched }),
    notes: path.notes,
    ...(path.unseen === undefined ? {} : { unseen: path.unseen }),
    ...(path.unentered === undefined ? {} : { unentered: path.unentered }),
  };
}

function endOf(end: End): EvidenceEnd {
  const { kind, pod, ip, port, addresses, otherBackends, isolation, otherFamily, noService } = end;
  // An address that nobody knows is not its node's own, wherever packets for it are sent.
  const node = kind === "ip" ? null : end.node;
  return {
    ...{ pod, node, ip, port, addresses, ...serviceOf(end) },
    ...(otherFamily === undefined ? {} : { otherIp: otherFamily.ip }),
    ...(noService === undefined ? {} : { noService }),
    ...(otherBackends === undefined ? {} : { otherBackends }),
    ...(isolation === undefined ? {} : { isolation }),
  };
}

function serviceOf({ kind, service = null, door, addresses }: End): Pick<EvidenceEnd, "service"> {
  const [clusterIp, backend] = addresses;
  if (kind !== "service" || clusterIp === undefined || backend === undefined) return {};
  const asked = door === undefined ? {} : { door: door.kind };
  return { service: { name: service, clusterIp, backend, ...asked } };
}
