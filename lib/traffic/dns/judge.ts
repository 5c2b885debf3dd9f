import { judgeAnswers } from "./answers.js";
import type { DnsLookup } from "./asks.js";
import { judgePartial } from "./partial.js";
import { judgeSilence } from "./silence.js";
import type { DnsEvidence, DnsFaultCode, DnsVerdict } from "./verdict.js";
import { followWalk } from "./walk.js";
import { sayConfig, sayDirect, sayServer, sayUnread, whereOf } from "./words.js";

/** The name, the server or the network: what keeps a pod from an answer, by what was asked from where and where it ended. */
export function judgeDns(given: DnsEvidence): DnsVerdict {
  const [first, ...others] = given.config.nameservers;
  if (first === undefined) {
    return verdict(
      "no-nameserver",
      "resolver",
      "resolv.conf names no server: the resolver asks 127.0.0.1",
      [],
    );
  }
  const judged = judgeServer(first, given);
  if (others.length === 0 || judged.code !== "none") return judged;
  // What the first one answers is what counts; one that is out costs nothing until the first is.
  const worse = others.map((ip) => judgeServer(ip, given)).filter(({ code }) => code !== "none");
  return {
    ...judged,
    evidence: [...judged.evidence, ...worse.map(({ summary }) => `Beside it: ${summary}`)],
  };
}

function judgeServer(ip: string, given: DnsEvidence): DnsVerdict {
  const { asks, config } = given;
  const own = asks.filter(({ server, from }) => server === ip && from === "pod");
  const udp = own.filter(({ transport }) => transport === "udp").flatMap(({ lookups }) => lookups);
  const walk = followWalk(udp, config);
  const server = sayServer(ip, given);
  const evidence = [
    `resolv.conf: ${sayConfig(config)}`,
    ...walk.lines,
    ...sayDirect(given),
    ...sayUnread(given),
  ];
  const say = (code: DnsFaultCode, fault: DnsVerdict["fault"], summary: string): DnsVerdict =>
    verdict(code, fault, summary, evidence);
  if (udp.length === 0 || udp.every(({ outcome }) => outcome === "error")) {
    const why = own.find(({ error }) => error !== null)?.error ?? udp[0]?.said ?? "nothing was asked";
    return say("no-answer", null, `${server} could not be asked: ${why}`);
  }
  const dead = findDeadEndpoints(ip, given);
  if (dead !== null) return say("endpoint-dead", dead.fault, dead.summary);
  if (!udp.some(({ outcome }) => outcome === "answered")) return judgeSilence(ip, { given, udp, say });
  const missing = udp.filter(({ outcome }) => outcome === "none");
  if (missing.length > 0) return judgePartial(ip, { given, udp, missing, say });
  if (udp.some(({ truncated }) => truncated)) {
    const tcp = own.filter(({ transport }) => transport === "tcp").flatMap(({ lookups }) => lookups);
    if (tcp.length > 0 && !tcp.some(({ outcome }) => outcome === "answered")) {
      const where = whereOf(ip, given, "tcp");
      return say(
        "tcp-blocked",
        "network",
        `${server} cuts its answer to fit a datagram, and over TCP, where the rest is, it does not answer (${tcp[0]?.said ?? ""})${where?.text ?? ""}`,
      );
    }
  }
  return judgeAnswers(ip, { given, walk, say, udp });
}

function findDeadEndpoints(
  ip: string,
  given: DnsEvidence,
): { readonly fault: DnsVerdict["fault"]; readonly summary: string } | null {
  const endpoints = given.servers.find((server) => server.ip === ip)?.endpoints ?? [];
  const answersOf = (endpoint: string): readonly DnsLookup[] =>
    given.asks
      .filter(({ server, from, transport }) => server === endpoint && from === "pod" && transport === "udp")
      .flatMap(({ lookups }) => lookups);
  const asked = endpoints.filter((endpoint) => answersOf(endpoint).length > 0);
  const dead = asked.filter((endpoint) => !answersOf(endpoint).some(({ outcome }) => outcome === "answered"));
  if (dead.length === 0 || dead.length === asked.length) return null;
  const [one = ""] = dead;
  const where = whereOf(one, given, "udp");
  const isNetwork = where?.direction != null;
  const share = `${dead.length} of the ${asked.length} servers behind ${sayServer(ip, given)}`;
  const what = isNetwork ? "cannot be reached" : "does not answer";
  return {
    fault: isNetwork ? "network" : "server",
    summary: `${share} ${what}: ${dead.join(", ")}${where?.text ?? ""}; about that share of lookups waits for its time-out`,
  };
}

function verdict(
  code: DnsFaultCode,
  fault: DnsVerdict["fault"],
  summary: string,
  evidence: readonly string[],
): DnsVerdict {
  return { code, fault, summary, evidence };
}
