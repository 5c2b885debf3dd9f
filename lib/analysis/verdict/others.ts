import type { EvidenceEnd, EvidenceHop, FlowAddress, FlowEvidence } from "../../model/evidence.js";
import type { VerdictStatus } from "../../model/findings.js";
import { REPLY, REQUEST } from "../follow/ends.js";
import { isGood, type Flow } from "../follow/flow.js";
import type { Followed } from "../follow/follow.js";
import { Orders, type FlowOrder } from "../follow/order.js";
import { PassedBy } from "../follow/passed-by.js";
import type { PlaceSets } from "../follow/sets.js";
import { isSilent } from "./answers.js";
import { bareFlow } from "./bare-flow.js";
import { decide } from "./decide.js";
import type { JudgedFlow } from "./judged.js";
import { observe } from "./observation.js";
import { isTurned } from "./rewrites.js";
import type { Route } from "./route.js";

/** What became of a flow, in short: of thousands, most are told by no more than this. */
export interface FlowSummary {
  readonly flow: Flow;
  /** Index of the path that shows most of it. */
  readonly path: number;
  readonly status: VerdictStatus;
  readonly lost: number;
  readonly sent: number;
}

/** The flows that nobody asked about: each is judged, and written up only where it is wanted. */
export class OtherFlows {
  readonly summaries: readonly FlowSummary[];
  private readonly orders: Orders;
  private readonly passedBy: PassedBy;
  private readonly routes = new Map<string, Route>();
  /** By set of places: no flow shows at any place that is not in one of them. */
  private readonly shown = new Set<number>();
  /** Sets of all places of a path. */
  private readonly whole: ReadonlySet<number>;

  constructor(
    private readonly followed: Followed,
    private readonly paths: readonly Route[],
  ) {
    const { flows, sets } = followed;
    this.orders = new Orders(
      paths.map(({ requestOrder }) => requestOrder),
      flows,
      sets,
    );
    this.passedBy = new PassedBy(this.orders, flows, sets, followed.shown);
    this.whole = new Set(paths.map(({ requestOrder }) => sets.of(requestOrder)));
    for (const set of followed.shown) for (const place of sets.placesOf(set)) this.shown.add(place);
    this.summaries = flows.flatMap((flow): FlowSummary[] => {
      if (flow.target >= 0 || !isWorthTelling(flow)) return [];
      const path = this.orders.findPath(flow);
      if (path === null) return [];
      const sent = this.countPlain(flow);
      if (sent !== null) return [{ flow, path, status: "delivered", lost: 0, sent }];
      const { status, lost, request } = this.judge({ flow, path }).decision;
      return [{ flow, path, status, lost: lost.packets, sent: request.sent }];
    });
  }

  /**
   * The number of requests of a flow with which nothing can be wrong: each packet was seen at all places of a path, each
   * connection came about, each request was answered. Of thousands of flows most are such, and are not worth a longer look.
   * null of others.
   */
  private countPlain(flow: Flow): number | null {
    const [there, back] = [flow.onlyWay(REQUEST), flow.onlyWay(REPLY)];
    if (there === null || back === null) return null;
    if (!this.whole.has(there.set) || there.set !== back.set || flow.rejections.length > 0) return null;
    const isAnswered =
      flow.protocol === "tcp"
        ? flow.kept.every(({ story }) => isGood(story) && !isSilent(story))
        : there.packets <= back.packets;
    return isAnswered ? there.packets : null;
  }

  judge({ flow, path: index }: Pick<FlowSummary, "flow" | "path">): JudgedFlow {
    const way = this.orders.onPath(flow, index);
    const path = this.paths[index]!;
    const route = this.routeOf(way, index);
    const evidence = describe(flow, route.hops, isSeenFromBehind(flow, way.order, this.followed.sets));
    const found = observe(flow, this.followed, { ...route, others: 0 });
    // Nothing at all shows at the places behind it: the path may have been meant for this flow.
    const isEmpty = way.beyond.every((place) => !this.shown.has(place));
    const leaves = isEmpty ? way.beyond.map((place) => path.hopAt.get(place)!) : [];
    const decision = decide({ flow: evidence, route, found, probes: [], leaves });
    return { flow: evidence, route, found, decision };
  }

  private routeOf({ order, isForward }: FlowOrder, index: number): Route {
    const key = `${index} ${isForward} ${order.join()}`;
    const known = this.routes.get(key);
    if (known !== undefined) return known;
    const path = this.paths[index]!;
    const hops = order.map((place, at) => ({ ...path.hopAt.get(place)!, index: at }));
    // Which of its directions is the one that they are passed by in is not known of a flow that nobody asked for.
    const passed = order.filter((place) => path.hopAt.get(place)?.passedBy !== undefined);
    const passedAlong = (isAlong: boolean): ReadonlySet<number> =>
      new Set([...passed, ...[...this.passedBy.of(index, isAlong)].filter((place) => order.includes(place))]);
    const route: Route = {
      hops,
      places: path.places,
      hopAt: new Map(order.map((place, at) => [place, hops[at]!])),
      requestHops: hops,
      replyHops: [...hops].reverse(),
      requestOrder: order,
      replyOrder: [...order].reverse(),
      passedBy: { request: passedAlong(isForward), reply: passedAlong(!isForward) },
      blind: [],
    };
    this.routes.set(key, route);
    return route;
  }
}

/** Whether what was taken for its first form, by clocks that nobody knows, is the one that its way ends with. */
function isSeenFromBehind({ rewrites }: Flow, order: readonly number[], sets: PlaceSets): boolean {
  return rewrites.length > 0 && rewrites.every((record) => isTurned(record, order, sets));
}

function describe(flow: Flow, hops: readonly EvidenceHop[], isFromBehind: boolean): FlowEvidence {
  const servers: readonly [FlowAddress, ...FlowAddress[]] =
    flow.behind === null
      ? [flow.server]
      : isFromBehind
        ? [flow.behind, flow.server]
        : [flow.server, flow.behind];
  const client = isFromBehind ? flow.rewrites[0]!.behind.client : flow.client;
  return bareFlow({
    id: `other-${flow.number}`,
    from: endOf([{ ip: client.ip, port: null }]),
    to: endOf(servers),
    protocol: flow.protocol,
    hops,
  });
}

/**
 * Whether a flow that nobody asked about is one to judge: what is sent to all and answered by none is not, nor are answers
 * that come late, between the ends of a flow that was asked about, to what was said before the captures began.
 */
function isWorthTelling(flow: Flow): boolean {
  const isLeftOver = flow.kept.length > 0 && flow.kept.every(({ story }) => story.isLeftOver);
  if (flow.between >= 0 && (!flow.hasShown(REQUEST) || isLeftOver)) return false;
  return !isToMany(flow.server.ip) || flow.hasShown(REPLY);
}

/** Multicast (RFC 5771, RFC 4291 2.7), limited broadcast, and nobody's address. */
function isToMany(ip: string): boolean {
  if (ip.includes(":")) return ip.startsWith("ff") || ip === "::";
  const [first] = ip.split(".");
  return (Number(first) >= 224 && Number(first) < 240) || ip === "255.255.255.255" || ip === "0.0.0.0";
}

/** An end that is known by its addresses alone. */
export function endOf(addresses: readonly [FlowAddress, ...FlowAddress[]]): EvidenceEnd {
  const [{ ip, port }] = addresses;
  return { pod: null, node: null, ip, port, addresses };
}
