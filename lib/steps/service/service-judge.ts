import { judgeKind } from "../shared/judge.js";
import { judgeService, type ServiceFacts, type ServiceVerdict } from "./judge-service.js";

interface Input {
  readonly service: ServiceFacts;
}

export const serviceJudge = judgeKind<Input, ServiceVerdict>({
  name: "service/judge",
  title: "Say whether the Service, an endpoint or the network is at fault",
  description:
    "Says of each endpoint of a Service whether it answers by its own address, and whether the Service's own address leads to " +
    "them; which of Service, endpoint and network is at fault.",
  inputSchema: {
    type: "object",
    required: ["service"],
    additionalProperties: false,
    properties: {
      service: {
        type: "object",
        required: ["name", "clusterIp", "endpoints", "notReady", "untried"],
        title: "The Service, as service/paths gives it",
      },
    },
  },
  gives: { endpoints: { type: "array" } },
  example: {
    service: {
      ...{ name: "shop/web", clusterIp: "10.96.0.20:80", endpoints: ["192.168.2.2:8080"] },
      ...{ notReady: [], untried: false },
    },
  },
  evidence: "service",
  judge: ({ service }, flows) => judgeService(service, flows),
});
