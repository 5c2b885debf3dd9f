import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { CaptureRecord, EvidenceHop, FlowEvidence } from "../../../lib/model/evidence.js";
import { bareFlow } from "../../../lib/analysis/verdict/bare-flow.js";
import { openCapture } from "../../../lib/packets/open.js";
import { saveEvidence } from "../helpers/run.js";
import { endsOf } from "./addresses.js";
import { START_US } from "./captures.js";
import type { HopPlan, Scenario } from "./scenario.js";

/** What a run that watched the first flow, without traffic of its own, knows beside its captures: path and times. */

const ROLES: Readonly<Record<string, string>> = {
  pod: "pod",
  pod2: "pod",
  veth: "host-veth",
  veth2: "host-veth",
  bridge: "bridge",
  tunnel: "tunnel",
  nic: "nic",
  in: "nic",
  out: "nic",
};
const WORN = {
  none: { kind: "none" },
  vxlan: { kind: "vxlan", port: 4789, vni: 4096, outer: 4 },
  flannel: { kind: "vxlan", port: 8472, vni: 1, outer: 4 },
  geneve: { kind: "geneve", port: 6081, vni: 7, outer: 4 },
  ipip: { kind: "ipip", outer: 4 },
} as const;

/** Writes the evidence of a run whose captures are `files`; gives its folder. */
export function writeRun(dir: string, scenario: Scenario, files: readonly string[]): string {
  mkdirSync(join(dir, "evidence"), { recursive: true });
  const names = files.map((file) => basename(file));
  const hops = scenario.hops.map((hop, index) => describeHop(hop, { index, name: names[index]! }));
  saveEvidence(dir, "flows.json", { flows: [describeFlow(scenario, hops)] });
  const captures = hops.map((hop) => describeCapture(scenario, hop, files[hop.index]!));
  saveEvidence(dir, "captures.json", { captures, barrier: { skewMs: 1, readyAfterMs: 2 } });
  saveEvidence(dir, "traffic.json", { probes: [] });
  saveEvidence(dir, "run.json", {
    id: "run-1",
    runbook: "trace-path",
    startedAt: "2026-11-21T04:00:00Z",
    finishedAt: null,
    cluster: "generated",
    complete: true,
    incomplete: [],
  });
  return dir;
}

function describeHop(hop: HopPlan, { index, name }: { index: number; name: string }): EvidenceHop {
  return {
    index,
    id: `${index}`,
    node: `node-${hop.node}`,
    role: ROLES[hop.name.split(".")[1]!]!,
    interface: name.replace(/\.pcap$/, ""),
    mtuBytes: 1500,
    encapsulation: WORN[hop.wears],
    ...(hop.silent === null ? {} : { passedBy: [hop.silent === "forth" ? "request" : "reply"] }),
    pcap: name,
  };
}

function describeFlow({ flows: [plan], v6 }: Scenario, hops: readonly EvidenceHop[]): FlowEvidence {
  const all = plan!.backends.map((_, backend) => endsOf(plan!, { flow: 0, connection: 0, backend, v6 }));
  const [ends] = all;
  const isPing = plan!.kind === "ping";
  const port = (number: number): number | null => (isPing ? null : number);
  const service = { ip: ends!.service, port: port(ends!.servicePort) };
  const backends = all.map(({ backend, backendPort }) => ({ ip: backend, port: port(backendPort) }));
  return bareFlow({
    id: "f0",
    from: {
      pod: "shop/client",
      node: hops[0]!.node,
      ip: ends!.client,
      port: null,
      addresses: [{ ip: ends!.client, port: null }],
    },
    to: {
      pod: "shop/web",
      node: hops.at(-1)!.node,
      ...service,
      addresses: ends!.service === ends!.backend ? backends : [service, ...backends],
    },
    protocol: isPing ? "icmp" : plan!.kind === "tcp" ? "tcp" : "udp",
    hops,
  });
}

function describeCapture(scenario: Scenario, hop: EvidenceHop, file: string): CaptureRecord {
  const { fromUs, untilUs } = scenario.windows![hop.index]!;
  const aheadUs = START_US + scenario.aheadUs[scenario.hops[hop.index]!.node]!;
  const packets = countPackets(file);
  return {
    hopId: hop.id,
    node: hop.node,
    interface: hop.interface,
    argv: ["tcpdump"],
    filter: "",
    snaplenBytes: scenario.snaplenBytes,
    pcap: hop.pcap,
    sizeBytes: 0,
    sha256: null,
    listeningAtSec: (aheadUs + fromUs) / 1e6,
    stoppedAtSec: (aheadUs + untilUs) / 1e6,
    captured: packets,
    received: packets,
    droppedByKernel: 0,
    droppedByInterface: null,
    endedEarly: null,
  };
}

function countPackets(file: string): number {
  const reader = openCapture(file);
  let packets = 0;
  try {
    while (reader.next()) packets += 1;
  } finally {
    reader.close();
  }
  return packets;
}
