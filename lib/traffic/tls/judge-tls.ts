import type { TlsFacts } from "../../model/evidence.js";

type TlsFaultCode = "tls-none" | "tls-alert" | "tls-wrong-name" | "tls-expired" | "tls-not-yet-valid";

interface TlsVerdict {
  /** null: nothing is wrong with what could be read. */
  readonly code: TlsFaultCode | null;
  readonly summary: string;
}

/** What a TLS probe was answered. */
export interface TlsAnswer {
  readonly flowId: string;
  /** null: what came, if anything, was no TLS; `said` tells. */
  readonly facts: TlsFacts | null;
  readonly said: string;
  /** What was asked for (SNI); "": nothing. */
  readonly serverName: string;
  /** Unix seconds, by the clock of the node that asked. */
  readonly atSec: number;
  /** What HTTP inside came to; absent: nobody asked by it. */
  readonly http?: { readonly said: string; readonly tookMs: number | null };
}

/** Whether a certificate is for the name and valid now; an alert says why there is none. */
export function judgeTls({ facts, said, serverName, atSec, http }: TlsAnswer): TlsVerdict {
  if (facts === null) return { code: "tls-none", summary: `what comes back is no TLS: ${said}` };
  const { version, names, notBefore, notAfter, alert } = facts;
  const asked = serverName === "" ? "asked for no name" : `asked for ${serverName}`;
  if (alert === "protocol_version" && http === undefined)
    return {
      code: null,
      summary: "it speaks none but newer versions than TLS 1.2, in which its certificate cannot be read",
    };
  if (alert !== null) return { code: "tls-alert", summary: `${asked}, it answers with the alert ${alert}` };
  const spoken = facts.cipher === undefined ? (version ?? "TLS") : `${version ?? "TLS"} (${facts.cipher})`;
  const what = `${spoken}, certificate for ${names.join(", ") || "names that could not be read"}`;
  if (notAfter !== null && Date.parse(notAfter) / 1000 < atSec)
    return { code: "tls-expired", summary: `${what}, which ended on ${notAfter}` };
  if (notBefore !== null && Date.parse(notBefore) / 1000 > atSec)
    return { code: "tls-not-yet-valid", summary: `${what}, which begins on ${notBefore}` };
  const until = notAfter === null ? "" : `, valid until ${notAfter}`;
  if (serverName !== "" && names.length > 0 && !names.some((name) => isFor(name, serverName)))
    return { code: "tls-wrong-name", summary: `${what}${until}, and not for ${serverName}` };
  return { code: null, summary: `${what}${until}${sayTrust(facts)}${sayHttp(http)}` };
}

/** A cluster's own authorities are no node's: that one does not know them is told, and no fault. */
function sayTrust({ verification }: TlsFacts): string {
  if (verification === undefined) return "";
  const { isTrusted, said } = verification;
  return isTrusted
    ? ", which the node's own authorities vouch for"
    : `, which the node's own authorities do not vouch for (${said})`;
}

function sayHttp(http: TlsAnswer["http"]): string {
  if (http === undefined) return "";
  return http.tookMs === null
    ? `; ${http.said}`
    : `; ${http.said}, its first byte after ${sayMs(http.tookMs)}`;
}

function sayMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** RFC 9525, 6.3: the name itself, or `*` in the place of its first label. */
function isFor(name: string, wanted: string): boolean {
  const [given, asked] = [name.toLowerCase(), wanted.toLowerCase()];
  if (given === asked) return true;
  return given.startsWith("*.") && given.slice(1) === asked.slice(asked.indexOf("."));
}
