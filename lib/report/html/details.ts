import type {
  DetectorFinding,
  ExchangeFinding,
  FlowFinding,
  LegFinding,
  PacketRef,
} from "../../model/findings.js";
import { escapeMarkup as esc } from "../escape.js";
import { describeExchange, describeRewrite, sortDetected, sortExchanges } from "../flow-words.js";
import { describeMissing, legsOf, placeHop } from "../legs.js";
import { formatShare, formatSpread } from "../numbers.js";
import { endSentence } from "../words.js";
import { keepNames } from "./names.js";
import { SEVERITY_TONE } from "./tone.js";

const MAX_PACKETS = 8;
/** Of each list; all of them are in findings.json. */
const MAX_ITEMS = 50;

const EXCHANGE_TONE: Readonly<Record<ExchangeFinding["kind"], string>> = {
  ok: "good",
  error: "bad",
  none: "warn",
  oneWay: "quiet",
};

/** What the two ends said to each other. */
export function renderExchanges(flow: FlowFinding): string {
  const items = sortExchanges(flow).map(
    (exchange) =>
      `<li class="${EXCHANGE_TONE[exchange.kind]}"><b>${exchange.protocol.toUpperCase()}</b> ${esc(describeExchange(exchange))}</li>`,
  );
  if (items.length === 0) return "";
  return `<div class="block"><h3>What the ends said</h3><ul class="said">${bound(items)}</ul></div>`;
}

function bound(items: readonly string[]): string {
  const more = items.length > MAX_ITEMS ? `<li>${items.length - MAX_ITEMS} more in findings.json</li>` : "";
  return items.slice(0, MAX_ITEMS).join("") + more;
}

/** Where addresses changed on the way. */
export function renderRewrites(flow: FlowFinding): string {
  const items = (flow.rewrites ?? []).map((rewrite) => `<li>${esc(describeRewrite(rewrite))}</li>`);
  if (items.length === 0) return "";
  return `<div class="block"><h3>Addresses that changed on the way</h3><ul>${bound(items)}</ul></div>`;
}

/** What detectors say, the gravest first. */
export function renderDetected(flow: FlowFinding): string {
  const all = sortDetected(flow);
  const items = all.slice(0, MAX_ITEMS).map(renderFinding);
  if (all.length > MAX_ITEMS)
    items.push(`<p class="meta">${all.length - MAX_ITEMS} more in findings.json</p>`);
  return items.length === 0 ? "" : `<div class="block"><h3>What else was found</h3>${items.join("")}</div>`;
}

function renderFinding(finding: DetectorFinding): string {
  const { code, severity, summary, evidence, packets, next, reference } = finding;
  const more = [
    renderNext(next),
    evidence.length === 0
      ? ""
      : `<ul class="evidence">${evidence.map((line) => `<li>${esc(line)}</li>`).join("")}</ul>`,
    renderPackets(packets),
    reference === null ? "" : `<p class="meta">See ${esc(reference)}</p>`,
  ].join("");
  return `<div class="finding ${SEVERITY_TONE[severity]}"><p><span class="badge-status">${severity}</span> ${esc(endSentence(summary))} <code>${esc(code)}</code></p>${more}</div>`;
}

function renderNext(next: readonly string[]): string {
  if (next.length === 0) return "";
  return `<p class="next"><b>Next:</b></p><ul>${next.map((line) => `<li>${esc(line)}</li>`).join("")}</ul>`;
}

function renderPackets(packets: readonly PacketRef[]): string {
  if (packets.length === 0) return "";
  const items = packets
    .slice(0, MAX_PACKETS)
    .map(({ pcap, frame, summary }) => `<li>${esc(`${pcap} frame ${frame}: ${summary}`)}</li>`);
  if (packets.length > MAX_PACKETS)
    items.push(`<li>${packets.length - MAX_PACKETS} more in findings.json</li>`);
  return `<ul class="evidence">${items.join("")}</ul>`;
}

/** Every leg with its numbers, in the order of the way. */
export function renderLegs(flow: FlowFinding): string {
  const rows = (["request", "reply"] as const).flatMap((direction) => legsOf(flow, direction).map(renderLeg));
  if (rows.length === 0) return "";
  const head = ["", "From", "To", "Sent", "Missing", "Share", "Undecided", "Delay"].map(
    (name) => `<th scope="col">${name}</th>`,
  );
  const lossy = (flow.legs ?? []).some(({ missing, undecided }) => missing + undecided > 0);
  return `<details${lossy ? " open" : ""}><summary>Between the hops</summary><table class="stack legs"><thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table></details>`;
}

function renderLeg(leg: LegFinding): string {
  const { direction, from, to, sent, missing, undecided, delayUs, pattern } = leg;
  const cells: readonly (readonly [string, string])[] = [
    ["", direction === "request" ? "→ request" : "← reply"],
    ["From", keepNames(placeHop(from))],
    ["To", keepNames(placeHop(to))],
    ["Sent", String(sent)],
    ["Missing", String(missing)],
    ["Share", sent === 0 ? "" : formatShare(missing / sent)],
    ["Undecided", undecided === 0 ? "" : String(undecided)],
    ["Delay", delayUs === null ? "" : esc(formatSpread(delayUs))],
  ];
  const list = cells.map(([label, text]) =>
    text === ""
      ? `<td class="none"></td>`
      : `<td${label === "" ? "" : ` data-label="${label}"`}>${text}</td>`,
  );
  const row = `<tr${missing > 0 ? ` class="bad lossy"` : ""}>${list.join("")}</tr>`;
  if (pattern.length === 0) return row;
  const told = `${describeMissing(leg)}: ${pattern.join("; ")}`;
  return `${row}<tr class="bad pattern"><td colspan="8">${esc(told)}</td></tr>`;
}
