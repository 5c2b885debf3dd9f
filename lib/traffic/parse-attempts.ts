import type { ProbeAttempt } from "../model/evidence.js";
import { formatSize } from "../model/units.js";
import { readFlight } from "./tls/flight.js";
import { readTlsFailure } from "./tls/parse-https.js";
import { cleanText, linesOf } from "./clean.js";
import type { ProbePlan } from "./plan.js";

/** Lines of the scripts: `attempt SEQ SENT_US PORT|- RTT_US|- none|connected|reply REPLY|- TEXT`. */
const LINE =
  /^attempt ([0-9]{1,4}) ([0-9]{1,20}) ([0-9]{1,5}|-) ([0-9]{1,12}|-) (none|connected|reply) ([0-9a-f]{1,16384}|-) ?(.*)$/;

/** With all of a server's first flight in hex. */
const MOST_FLIGHT_CHARS = 17_000;

interface Said {
  readonly state: "none" | "connected" | "reply";
  readonly reply: string;
  readonly text: string;
}

type Judgement = Pick<ProbeAttempt, "outcome" | "detail" | "tls">;

/** Attempts in their order, each at most once. */
export function parseAttempts(plan: ProbePlan, result: { readonly stdout: string }): ProbeAttempt[] {
  const bySeq = new Map<number, ProbeAttempt>();
  for (const line of linesOf(result.stdout, plan.kind === "tls" ? MOST_FLIGHT_CHARS : undefined)) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, seqText = "", sent = "", port = "", rtt = "", state, reply = "-", text = ""] = match;
    const seq = Number(seqText);
    if (seq < 1 || seq > plan.attempts.count || bySeq.has(seq)) continue;
    const said: Said = {
      state: state as Said["state"],
      reply: reply === "-" ? "" : reply,
      text: cleanText(netcatWords(text)),
    };
    const judged = judge(plan, said);
    bySeq.set(seq, {
      seq,
      sentAtSec: Number(sent) / 1e6,
      localPort: toPort(port),
      ...judged,
      rttMs: rtt === "-" || judged.outcome !== "answered" ? null : Number(rtt) / 1000,
    });
  }
  return [...bySeq.values()].sort((one, other) => one.seq - other.seq);
}

/** netcat's own words come as `nc HEX`. */
function netcatWords(text: string): string {
  const hex = /^nc ([0-9a-f]{1,200})$/.exec(text)?.[1];
  return hex === undefined ? text : Buffer.from(hex, "hex").toString("latin1");
}

function toPort(text: string): number | null {
  const port = Number(text);
  return text !== "-" && port >= 1 && port <= 65_535 ? port : null;
}

function judge(plan: ProbePlan, said: Said): Judgement {
  if (said.state === "reply") {
    if (plan.kind === "dns-udp") return { outcome: "answered", detail: describeDns(said.reply, 0) };
    if (plan.kind === "dns-tcp") return { outcome: "answered", detail: describeDns(said.reply, 4) };
    if (plan.kind === "tls") return describeTls(said.reply);
    if (plan.kind !== "http" && plan.kind !== "https") return { outcome: "answered", detail: "answered" };
    return { outcome: "answered", detail: describeHttp(said) };
  }
  if (plan.kind === "tcp-connect" && said.state === "connected")
    return { outcome: "answered", detail: "connected" };
  return (plan.kind === "https" ? readTlsFailure(said.text) : undefined) ?? judgeText(said);
}

function judgeText({ text, state }: Said): Judgement {
  const reason = text.replace(/^.*: (?=[A-Z])/, "");
  if (/connection refused/i.test(text)) return { outcome: "refused", detail: "connection refused" };
  if (/connection reset/i.test(text)) return { outcome: "refused", detail: "connection reset" };
  if (text === "" || /timed? ?-?out/i.test(text)) {
    return { outcome: "timeout", detail: state === "connected" ? "connected, then no answer" : "no answer" };
  }
  return { outcome: "error", detail: reason };
}

/** RFC 1035 4.1.1 and later ones, by number. */
const RCODES = [
  "NOERROR",
  "FORMERR",
  "SERVFAIL",
  "NXDOMAIN",
  "NOTIMP",
  "REFUSED",
  "YXDOMAIN",
  "YXRRSET",
  "NXRRSET",
  "NOTAUTH",
  "NOTZONE",
];

/** The answer's rcode, TC bit and ANCOUNT from its hex; `skip` hex digits stand before the header. */
function describeDns(hex: string, skip: number): string {
  const flags = hex.slice(skip + 4, skip + 8);
  if (flags.length < 4 || (parseInt(flags, 16) & 0x8000) === 0) return "not a DNS answer";
  const code = parseInt(flags, 16) & 0xf;
  const said = RCODES[code] ?? `RCODE ${code}`;
  if ((parseInt(flags, 16) & 0x0200) !== 0) return `${said}, truncated`;
  return code === 0 && hex.slice(skip + 12, skip + 16) === "0000" ? `${said}, no record` : said;
}

function describeTls(hex: string): Judgement {
  const bytes = Buffer.from(hex, "hex");
  const tls = readFlight(bytes);
  if (tls === null) {
    const isHttp = bytes.subarray(0, 5).toString("latin1") === "HTTP/";
    return { outcome: "answered", detail: isHttp ? "HTTP in plain" : "another protocol" };
  }
  const said = tls.alert === null ? (tls.version ?? "TLS") : `alert ${tls.alert}`;
  return { outcome: "answered", detail: said, tls };
}

/** Bodies from here on are worth a word: a download. */
const DOWNLOAD_BYTES = 100_000;

/** The status, and how much of the answer came where it is long or did not come to its end. */
function describeHttp({ reply, text }: Said): string {
  const line = Buffer.from(reply, "hex").toString("latin1");
  const status = /^HTTP\/1\.[01] ([1-9][0-9]{2})/.exec(line)?.[1];
  if (status === undefined) return "not HTTP";
  const bytes = /^body ([0-9]{1,9})$/.exec(text)?.[1];
  if (bytes === undefined) {
    return reply.length < 28
      ? `HTTP ${status}`
      : `HTTP ${status}, not to its end${text === "" ? "" : `: ${text}`}`;
  }
  return Number(bytes) < DOWNLOAD_BYTES ? `HTTP ${status}` : `HTTP ${status}, ${formatSize(Number(bytes))}`;
}
