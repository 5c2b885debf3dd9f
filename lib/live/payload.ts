import { isDnsPort, readDns, readDnsOverTcp, type DnsMessage } from "../analysis/application/dns.js";
import { nameRcode } from "../analysis/application/dns-words.js";
import { readHttpRequest, readHttpStatus } from "../analysis/application/http.js";
import { readTls, type TlsMessage } from "../analysis/application/tls.js";
import { nameAlert, nameVersion } from "../analysis/application/tls-words.js";
import { PROTOCOL, STOP, type Packet } from "../analysis/dissect/packet.js";

/** What a packet's payload says, in a few words: a name in DNS, a line of HTTP, a TLS handshake; "" for anything else. */
export function describePayload(packet: Packet, bytes: Uint8Array): string {
  const { protocol, payloadAt: at, payloadBytes } = packet;
  if (packet.stop !== STOP.none || packet.fragmentOffset > 0 || payloadBytes === 0) return "";
  const end = Math.min(packet.end, at + payloadBytes);
  const isDns = isDnsPort(packet.sourcePort) || isDnsPort(packet.destinationPort);
  if (protocol === PROTOCOL.udp) return isDns ? describeDns(readDns(bytes, at, end)) : "";
  if (protocol !== PROTOCOL.tcp) return "";
  if (isDns) return describeDns(readDnsOverTcp(bytes, at, end));
  const request = readHttpRequest(bytes, at, end);
  if (request !== null) {
    return `HTTP ${request.method} ${request.target}${request.host === null ? "" : ` of ${request.host}`}`;
  }
  const status = readHttpStatus(bytes, at, end);
  if (status !== null) return `HTTP ${status.code} ${status.reason}`.trim();
  return readTls(bytes, at, end).map(describeTls).join(", ");
}

function describeDns(message: DnsMessage | null): string {
  if (message === null) return "";
  const { name, type, isAnswer, rcode, answers } = message;
  const asked = name === null ? "" : ` ${name === "" ? "." : name} ${type ?? ""}`;
  if (!isAnswer) return `DNS asks for${asked === "" ? " what is cut off" : asked}`;
  const cut = message.truncated ? ", cut short" : "";
  const said = rcode === 0 ? answers.join(" ") || "no record" : nameRcode(rcode);
  return `DNS${asked}: ${said}${cut}`;
}

function describeTls(message: TlsMessage): string {
  switch (message.kind) {
    case "clientHello":
      return `TLS ClientHello${message.serverName === null ? "" : ` for ${message.serverName}`}`;
    case "serverHello":
      return message.isRetry ? "TLS HelloRetryRequest" : `TLS ServerHello ${nameVersion(message.version)}`;
    case "alert":
      return `TLS alert ${nameAlert(message.description)}`;
    case "certificate":
      return `TLS certificate${message.names.length === 0 ? "" : ` of ${message.names.join(", ")}`}`;
    case "changed":
      return "TLS encrypted from here on";
  }
}
