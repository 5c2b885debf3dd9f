import type { DetectorFinding, ExchangeFinding, FlowFinding, RewriteFinding } from "../model/findings.js";
import { isSameHop, placeBetween, placeHop } from "./legs.js";
import { formatSpread } from "./numbers.js";

/** What the ends said, what changed on the way, what detectors say: raw sentences that every format shares. */

/** `HTTP 503 Service Unavailable × 12, 2.1 ms to 40 ms, median 3 ms`. */
export function describeExchange({ outcome, count, tookMs }: ExchangeFinding): string {
  const often = count === 1 ? "" : ` × ${count}`;
  return `${outcome}${often}${tookMs === null ? "" : `, ${formatSpread(tookMs, 1000)}`}`;
}

/** What did not work first. */
export function sortExchanges(flow: FlowFinding): readonly ExchangeFinding[] {
  const order: readonly ExchangeFinding["kind"][] = ["error", "none", "ok", "oneWay"];
  return [...(flow.exchanges ?? [])].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

/** `request: to 10.96.0.20:80 becomes to 10.244.1.5:8080, at cni0 (bridge) on node-a`. */
export function describeRewrite(rewrite: RewriteFinding): string {
  const { before, after, connections } = rewrite;
  const place = isSameHop(before, after) ? `at ${placeHop(before)}` : placeBetween(before, after);
  const often = connections > 1 ? ` (${connections} connections)` : "";
  return `${rewrite.direction}: ${describeChange(rewrite)}, ${place}${often}`;
}

/** `destination 10.96.0.20:80 → 10.244.1.5:8080`. */
export function describeChange({ source, destination }: RewriteFinding): string {
  const changed = [
    ...(source.was === source.is ? [] : [`source ${source.was} → ${source.is}`]),
    ...(destination.was === destination.is ? [] : [`destination ${destination.was} → ${destination.is}`]),
  ];
  return changed.length === 0 ? "ports and addresses stay" : changed.join(", ");
}

const SEVERITIES: readonly DetectorFinding["severity"][] = ["fail", "warn", "note"];

/** The gravest first. */
export function sortDetected(flow: FlowFinding): readonly DetectorFinding[] {
  return [...(flow.findings ?? [])].sort(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
  );
}

/** The ends expect no answers, and sent none. */
export function isOneWay({ exchanges = [] }: FlowFinding): boolean {
  return exchanges.length > 0 && exchanges.every(({ kind }) => kind === "oneWay");
}
