import type { FlowDetector, Said } from "./detector.js";
import type { RewriteFinding } from "../../model/findings.js";
import type { FlowFacts } from "./facts.js";
import { count, nameEnd, nameHop } from "./wording.js";

/** Addresses that were changed on the way, and not as they should have been. */
export const translation: FlowDetector = {
  kinds: {
    "reply-not-translated-back": {
      title: "Replies come with the backend's address where the Service's is due",
      reference: "https://kubernetes.io/docs/reference/networking/virtual-ips/",
    },
    "own-address-as-destination": {
      title: "A pod's packet comes back to itself with its own address as source",
      reference: "https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/ (hairpin)",
    },
    "source-rewritten": {
      title: "The client's address was changed on the way, so that the server sees another",
      reference: "iptables-extensions(8), MASQUERADE",
    },
  },
  detect: (facts) => [...detectUntranslated(facts), ...detectHairpin(facts), ...detectSource(facts)],
};

function detectUntranslated(facts: FlowFacts): readonly Said[] {
  const { server, backend } = facts;
  if (backend === null) return [];
  const wrong = facts.connections.filter(
    ({ answeredBy, reset }) => reset === null && answeredBy === backend.ip && answeredBy !== server.ip,
  );
  if (wrong.length === 0) return [];
  return [
    {
      code: "reply-not-translated-back",
      severity: "fail",
      summary: `The client asked ${nameEnd(server)}, and the answers came from ${backend.ip}: they were not translated back`,
      evidence: [`${count(wrong.length, "connection")} of ${facts.connectionCount}`],
      packets: [],
      next: [
        "See that replies pass where the request was translated: net.bridge.bridge-nf-call-iptables=1 for pods of one node, the same node for others.",
      ],
    },
  ];
}

function detectHairpin(facts: FlowFacts): readonly Said[] {
  if (facts.backend?.ip !== facts.client.ip || facts.rewrites.some(isSourceChanged)) return [];
  return [
    {
      code: "own-address-as-destination",
      severity: facts.status === "delivered" ? "note" : "fail",
      summary: `${facts.client.ip} asked ${nameEnd(facts.server)} and was led to itself, with its own address as source`,
      evidence: [`the backend is ${nameEnd(facts.backend)}`],
      packets: [],
      next: [
        "Let the node change the source of such packets (kube-proxy does where it masquerades hairpins), and set hairpin mode on the bridge port.",
      ],
    },
  ];
}

const BETWEEN_PODS =
  "Between pods this is seldom meant: a policy that knows the client by its address will not let it in. Look for MASQUERADE and SNAT rules there.";

/** Where the last place is no pod's own, it may be none that is asked. */
const TO_NO_POD =
  "Towards what is no pod that is meant (masquerade), and who filters by source there has to let this address in; between pods it is seldom meant.";

const BY_DOOR =
  "At a node's port, a load balancer's address and an external IP that is meant: the node that translates has to get the answers. Who filters by source behind it has to let this address in; externalTrafficPolicy: Local keeps the client's.";

function detectSource(facts: FlowFacts): readonly Said[] {
  const isToPod = !facts.nodesKnown || facts.backend !== null || facts.hops.at(-1)?.hop.role === "pod";
  return facts.rewrites.filter(isSourceChanged).map((rewrite) => ({
    code: "source-rewritten",
    severity: facts.status === "delivered" ? "note" : "warn",
    summary: `The client's ${rewrite.source.was} became ${rewrite.source.is} ${placeOf(rewrite)}: the server sees that one`,
    evidence: [`${count(rewrite.connections, "connection")}`],
    packets: [],
    next: [facts.isDoor ? BY_DOOR : isToPod ? BETWEEN_PODS : TO_NO_POD],
  }));
}

function isSourceChanged({ direction, source }: RewriteFinding): boolean {
  return direction === "request" && source.was !== source.is;
}

function placeOf({ before, after }: RewriteFinding): string {
  return nameHop(before) === nameHop(after)
    ? `at ${nameHop(before)}`
    : `between ${nameHop(before)} and ${nameHop(after)}`;
}
