import type { DnsLookup } from "./asks.js";
import type { DnsEvidence, DnsFaultCode, DnsVerdict } from "./verdict.js";
import { followWalk, sayMs, type Walk } from "./walk.js";
import { sayConfig, sayDirect, sayServer, whereOf } from "./words.js";

/** A walk that takes longer is slow. */
const SLOW_MS = 1000;

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
  const { asks, config, name } = given;
  const own = asks.filter(({ server, from }) => server === ip && from === "pod");
  const udp = own.filter(({ transport }) => transport === "udp").flatMap(({ lookups }) => lookups);
  const walk = followWalk(udp, config);
  const server = sayServer(ip, given);
  const evidence = [`resolv.conf: ${sayConfig(config)}`, ...walk.lines, ...sayDirect(given)];
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
  return judgeAnswers({ given, walk, server, say, name, udp });
}

interface Asked {
  readonly given: DnsEvidence;
  readonly udp: readonly DnsLookup[];
  readonly say: (code: DnsFaultCode, fault: DnsVerdict["fault"], summary: string) => DnsVerdict;
}

function judgeSilence(ip: string, { given, udp, say }: Asked): DnsVerdict {
  const server = sayServer(ip, given);
  const { config } = given;
  const cost = `each lookup takes ${config.timeoutSec * config.attempts} s to fail`;
  const known = given.servers.find((one) => one.ip === ip);
  const answered = given.asks.filter(
    ({ server: asked, lookups }) => asked !== ip && lookups.some(({ outcome }) => outcome === "answered"),
  );
  const reference = answered.find(({ role }) => role === "reference");
  if (reference !== undefined && known?.service === null) {
    const other = sayServer(reference.server, given);
    return say(
      "wrong-nameserver",
      "resolver",
      `resolv.conf names ${ip}, which does not answer; ${other} does`,
    );
  }
  if (udp.some(({ outcome }) => outcome === "refused")) {
    return say(
      "nobody-listens",
      "server",
      `${server} refuses: nobody listens on its port 53 (ICMP port unreachable)`,
    );
  }
  const endpoint = answered.find(({ role, from }) => role === "endpoint" && from === "pod");
  if (endpoint !== undefined) {
    return say(
      "service-not-translated",
      "network",
      `${server} does not answer, and ${endpoint.server} behind it does when asked directly: the node does not translate the Service's address`,
    );
  }
  const where = whereOf(ip, given, "udp");
  if (where?.direction === "request")
    return say("query-dropped", "network", `The queries to ${server} are dropped${where.text}`);
  if (where?.direction === "reply")
    return say("reply-dropped", "network", `The answers of ${server} are dropped${where.text}`);
  if (where?.status === "unanswered") {
    return say("server-silent", "server", `The queries arrive at ${server}, which does not answer: ${cost}`);
  }
  const near = given.asks.filter(({ from, role }) => from === "node" && role === "endpoint");
  if (near.length > 0 && near.every(({ lookups }) => lookups.every(({ outcome }) => outcome === "none"))) {
    return say("server-silent", "server", `${server} does not answer, on its own node neither: ${cost}`);
  }
  if (near.some(({ lookups }) => lookups.some(({ outcome }) => outcome === "answered"))) {
    return say(
      "no-answer",
      "network",
      `${server} answers on its own node, and the pod gets no answer: ${cost}`,
    );
  }
  return say("no-answer", null, `${server} does not answer, and where the queries end is not known: ${cost}`);
}

function judgePartial(
  ip: string,
  { given, udp, missing, say }: Asked & { readonly missing: readonly DnsLookup[] },
): DnsVerdict {
  const server = sayServer(ip, given);
  const ofType = (type: string): readonly DnsLookup[] => udp.filter((one) => one.type === type);
  const isSilent = (type: string): boolean =>
    ofType(type).length > 0 && ofType(type).every(({ outcome }) => outcome === "none");
  const where = whereOf(ip, given, "udp")?.text ?? "";
  if (isSilent("AAAA") && !ofType("A").some(({ outcome }) => outcome === "none")) {
    const cost = given.config.timeoutSec * given.config.attempts;
    return say(
      "aaaa-dropped",
      where === "" ? "server" : "network",
      `A queries to ${server} are answered, AAAA queries never: each lookup waits up to ${cost} s for them${where}`,
    );
  }
  return say(
    "answers-lost",
    where === "" ? null : "network",
    `${missing.length} of ${udp.length} queries to ${server} got no answer${where}`,
  );
}

function judgeAnswers({
  walk,
  server,
  say,
  name,
  udp,
}: Asked & { readonly walk: Walk; readonly server: string; readonly name: string }): DnsVerdict {
  const names = `${walk.lines.length} name${walk.lines.length === 1 ? "" : "s"}`;
  const took = sayMs(walk.tookMs);
  if (walk.result === "found") {
    if (walk.tookMs > SLOW_MS) {
      const slowest = udp.toSorted((one, other) => (other.tookMs ?? 0) - (one.tookMs ?? 0))[0];
      return say(
        "slow",
        "server",
        `${server} finds ${name} as ${walk.name} after ${names} and ${took}, ${sayMs(slowest?.tookMs ?? 0)} of them for ${slowest?.name ?? ""} ${slowest?.type ?? ""}`,
      );
    }
    return say("none", null, `${server} finds ${name} as ${walk.name} after ${names} and ${took}`);
  }
  const bad = udp.find(({ said }) => said !== "NOERROR" && said !== "NXDOMAIN");
  if (bad !== undefined) {
    const code = bad.said === "SERVFAIL" ? "servfail" : bad.said === "REFUSED" ? "refused" : "server-error";
    const why = WHY[code];
    return say(code, "server", `${server} answers ${bad.said} for ${bad.name} ${bad.type}: ${why}`);
  }
  if (walk.result === "empty") {
    const empty = udp.find(({ said }) => said === "NOERROR")?.name ?? walk.name;
    return say(
      "name-without-address",
      "name",
      `${server} knows ${empty}, which has neither an A nor an AAAA record`,
    );
  }
  const each = walk.names.map(({ name: asked, tookMs }) => `${asked} ${sayMs(tookMs)}`).join(", ");
  return say(
    "name-unknown",
    "name",
    `${server} does not know ${name}: NXDOMAIN for all of ${names} that the pod asks for (${each}), in ${took}`,
  );
}

const WHY = {
  servfail: "it failed to find out, as where its own upstream does not answer",
  refused: "it does not answer this for whoever asks",
  "server-error": "it could not make an answer",
} as const;

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
