import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts } from "./facts.js";
import { count, nameEnd } from "./wording.js";

/** Of a Service's backends one fails, and others work. */
export const backends: FlowDetector = {
  kinds: {
    "one-backend-fails": { title: "One of a Service's backends fails while others work", reference: null },
  },
  detect: detectBackend,
};

function detectBackend(facts: FlowFacts): readonly Said[] {
  const { backend, status } = facts;
  if (backend === null || status === "delivered" || status === "inconclusive") return [];
  const siblings = facts.others.filter(
    ({ protocol, server, backend: other }) =>
      protocol === facts.protocol &&
      nameEnd(server) === nameEnd(facts.server) &&
      other !== null &&
      nameEnd(other) !== nameEnd(backend),
  );
  const working = siblings.filter((other) => other.status === "delivered");
  if (working.length === 0) return [];
  const names = working.map((other) => nameEnd(other.backend!));
  return [
    {
      code: "one-backend-fails",
      severity: "fail",
      summary: `Of the backends of ${nameEnd(facts.server)} ${nameEnd(backend)} fails; ${names.slice(0, 4).join(", ")} work`,
      evidence: [
        `${count(facts.connectionCount, "connection")} to ${nameEnd(backend)}: ${status}`,
        ...working
          .slice(0, 4)
          .map(
            (other) => `${count(other.connections, "connection")} to ${nameEnd(other.backend!)}: delivered`,
          ),
      ],
      packets: [],
      next: [
        `Look at the pod with ${backend.ip} and at its node, not at the Service: its endpoints are right as far as the others go.`,
      ],
    },
  ];
}
