import { formatAddress } from "../../linux/endpoint.js";
import type { FlowFinding } from "../../model/findings.js";
import { sayBreak, sayRefusal } from "../shared/words.js";

/** A Service as those who send to it see it. */
export interface ServiceFacts {
  /** `namespace/name`, else as it was asked for. */
  readonly name: string;
  /** `address:port`; null: headless. */
  readonly clusterIp: string | null;
  /** `address:port` of each ready endpoint that is followed. */
  readonly endpoints: readonly string[];
  /** Those that the API lists and that are not ready: nothing is sent to them. */
  readonly notReady: readonly string[];
  /** Nothing is sent to its own address: a node's packets leave under another one, or there is nobody behind it. */
  readonly untried: boolean;
}

type EndpointCode = "ok" | "refused" | "lost" | "silent" | "not-known";

interface EndpointVerdict {
  /** `address:port`. */
  readonly address: string;
  readonly pod: string | null;
  readonly code: EndpointCode;
  readonly said: string;
}

export interface ServiceVerdict {
  readonly code: EndpointCode | "no-endpoints" | "service-broken";
  readonly summary: string;
  readonly endpoints: readonly EndpointVerdict[];
}

/** The worst first. */
const WORST = ["lost", "refused", "silent", "not-known"] as const;
const MAX_SAID = 8;

/** Whether a Service, one of its endpoints, or the network between is at fault, by flows to its address and to each endpoint's. */
export function judgeService(service: ServiceFacts, flows: readonly FlowFinding[]): ServiceVerdict {
  const isFront = ({ to }: FlowFinding): boolean => formatAddress(to) === service.clusterIp;
  const tried = flows.filter(({ probe }) => probe !== null);
  const fronts = tried.filter(isFront);
  const endpoints = worstOfEach(tried.filter((flow) => !isFront(flow)).map(judgeEndpoint));
  const of = (code: ServiceVerdict["code"], said: readonly string[]): ServiceVerdict => ({
    ...{ code, endpoints },
    summary: [...said, ...sayNotReady(service)].join("; "),
  });
  const front = fronts.find(({ verdict }) => verdict.status !== "delivered") ?? fronts[0];
  if (service.endpoints.length === 0) {
    const { code, summary } = judgeBare(service, front);
    return of(code, [summary]);
  }
  const bad = endpoints.filter(({ code }) => code !== "ok");
  const code = WORST.find((one) => bad.some((endpoint) => endpoint.code === one));
  if (code !== undefined) {
    const isOne = endpoints.length === 1;
    const many = isOne
      ? `the one endpoint of ${service.name}`
      : `${bad.length} of ${endpoints.length} endpoints of ${service.name}`;
    const head =
      code === "not-known"
        ? `of ${many} it is not known whether ${isOne ? "it answers" : "they answer"}`
        : `${many} ${isOne ? "does not answer by its" : "do not answer by their"} own address`;
    const each = [...bad, ...endpoints.filter((endpoint) => endpoint.code === "ok")].slice(0, MAX_SAID);
    return of(code, [head, ...each.map(sayEndpoint), ...sayPort(endpoints)]);
  }
  const each = endpoints.slice(0, MAX_SAID).map(sayEndpoint).join(", ");
  const well =
    endpoints.length === 0
      ? `the client itself is the only endpoint of ${service.name}`
      : `${endpoints.length} of ${endpoints.length} endpoints of ${service.name} answer by their own address (${each})`;
  if (front === undefined) return of("ok", [well, sayUntried(service)]);
  const { status } = front.verdict;
  const own = formatAddress(front.to);
  if (status === "delivered") return of("ok", [`${own} answers, and ${well}`]);
  const where = `${own}${status === "lost" ? sayBreak(front) : ""}`;
  if (status === "inconclusive") {
    return of("not-known", [
      `whether ${where} answers is not known: ${front.verdict.caveats[0] ?? "nothing was seen"}`,
      well,
    ]);
  }
  return of("service-broken", [`${well}, and its own address ${where} does not: ${sayOutcomes(front)}`]);
}

/** One each, where several probes were sent to an endpoint. */
function worstOfEach(judged: readonly EndpointVerdict[]): readonly EndpointVerdict[] {
  const rank = ({ code }: EndpointVerdict): number => ["ok", ...WORST.toReversed()].indexOf(code);
  const worst = new Map<string, EndpointVerdict>();
  for (const one of judged) {
    const other = worst.get(one.address);
    if (other === undefined || rank(one) > rank(other)) worst.set(one.address, one);
  }
  return [...worst.values()];
}

function judgeEndpoint(flow: FlowFinding): EndpointVerdict {
  const { to, verdict } = flow;
  const end = { address: formatAddress(to), pod: to.pod };
  const say = (code: EndpointCode, said: string): EndpointVerdict => ({ ...end, code, said });
  switch (verdict.status) {
    case "delivered":
      return say("ok", "answers");
    case "lost": {
      const { packets, of } = verdict.lost;
      return say("lost", `loses ${packets} of ${of} packets${sayBreak(flow)}`);
    }
    case "rejected":
      return say("refused", `is refused${sayRefusal(flow)}`);
    case "unanswered":
      if (flow.probe === "udp") {
        return say(
          "not-known",
          "took the datagrams and answered none: to what it would answer is not known here",
        );
      }
      return say("silent", "says nothing: the requests passed every place that was captured");
    case "inconclusive":
      return say("not-known", `is not known: ${verdict.caveats[0] ?? "nothing was seen of it"}`);
  }
}

function sayEndpoint({ address, pod, said }: EndpointVerdict): string {
  return `${pod === null ? address : `${pod} ${address}`} ${said}`;
}

/** Where all endpoints refuse, the port that they share is what is wrong more likely than each program. */
function sayPort(endpoints: readonly EndpointVerdict[]): readonly string[] {
  const ports = new Set(endpoints.map(({ address }) => address.slice(address.lastIndexOf(":") + 1)));
  const [port] = ports;
  if (!endpoints.every(({ code }) => code === "refused") || ports.size !== 1 || port === undefined) return [];
  return [
    `each refuses port ${port}: the Service's targetPort is another one than the program's, or the program does not run`,
  ];
}

/** Of a Service behind which nobody is known. */
function judgeBare(
  service: ServiceFacts,
  front: FlowFinding | undefined,
): Pick<ServiceVerdict, "code" | "summary"> {
  if (service.untried) return { code: "no-endpoints", summary: `${service.name} has no ready endpoint` };
  const from = front?.from.node ?? "the sending node";
  const head = `iptables of ${from} has no rule for ${service.clusterIp ?? service.name}`;
  if (front === undefined) return { code: "no-endpoints", summary: head };
  const { status } = front.verdict;
  if (status === "delivered") {
    const hint = "the cluster's API, or a Service that iptables translates, would tell who is behind it";
    return { code: "not-known", summary: `${head}, and yet it answers: ${hint}` };
  }
  return {
    code: "no-endpoints",
    summary: `${head}, and what was sent there is ${status}${sayRefusalOrLeg(front)}`,
  };
}

function sayRefusalOrLeg(flow: FlowFinding): string {
  return flow.verdict.status === "rejected" ? sayRefusal(flow) : sayBreak(flow);
}

function sayNotReady({ notReady }: ServiceFacts): readonly string[] {
  return notReady.length === 0 ? [] : [`not ready: ${notReady.join(", ")}`];
}

function sayUntried({ clusterIp }: ServiceFacts): string {
  if (clusterIp === null) return "it has no address of its own";
  return `${clusterIp} was not tried: what a node sends there leaves under another address, so that a pod has to send it`;
}

function sayOutcomes({ exchanges = [], verdict }: FlowFinding): string {
  const said = exchanges.map(({ outcome, count }) => `${outcome} × ${count}`);
  return said.length === 0 ? verdict.status : said.join(", ");
}
