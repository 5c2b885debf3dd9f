import { containsIp, parsePrefix } from "../../linux/address.js";
import type { Asked, DnsEvidence, DnsVerdict } from "./verdict.js";
import { sayServer, whereOf } from "./words.js";

/** Why nothing at all is answered. */
export function judgeSilence(ip: string, { given, udp, say }: Asked): DnsVerdict {
  const server = sayServer(ip, given);
  const { config } = given;
  const cost = `each lookup takes ${config.timeoutSec * config.attempts} s to fail`;
  const known = given.servers.find((one) => one.ip === ip);
  const answered = given.asks.filter(
    ({ server: asked, lookups }) => asked !== ip && lookups.some(({ outcome }) => outcome === "answered"),
  );
  const local = sayNodeLocal(ip, given);
  if (local !== null) {
    const how = udp.some(({ outcome }) => outcome === "refused")
      ? "refuses: nobody listens there"
      : "does not answer";
    const past = answered.filter(({ from }) => from === "pod");
    const other = past.find(({ role }) => role === "reference") ?? past[0];
    const does = other === undefined ? "" : `; past it ${sayServer(other.server, given)} does`;
    return say("node-local-down", "server", `${server}, ${local}, ${how}${does}`);
  }
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
    if (known?.service != null && known.endpoints.length === 0 && known.unread === undefined)
      return say(
        "no-endpoints",
        "server",
        `Nobody is ready behind ${server}: the node refuses what is sent to it`,
      );
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

/** A server on the pod's own node, as NodeLocal DNSCache is: on a device of the node, or at a link-local address. */
function sayNodeLocal(ip: string, { servers }: DnsEvidence): string | null {
  const device = servers.find((server) => server.ip === ip)?.device;
  if (device != null) return `a server on the pod's own node as NodeLocal DNS is (device ${device})`;
  if (!isLinkLocal(ip)) return null;
  const missing = device === null ? ", which no device of the node has" : "";
  return `a link-local address as NodeLocal DNS has on each node${missing}`;
}

/** RFC 3927; clouds have resolvers of their own in 169.254.169.0/24, which are no node's. */
function isLinkLocal(ip: string): boolean {
  const [all, clouds] = [LINK_LOCAL, OF_CLOUDS].map((text) => parsePrefix(text));
  return all !== undefined && containsIp(all, ip) && !(clouds !== undefined && containsIp(clouds, ip));
}

const LINK_LOCAL = "169.254.0.0/16";
const OF_CLOUDS = "169.254.169.0/24";
