import type { Protocol } from "../../model/traffic.js";

/** What is followed of a destination where nobody says it: TCP where it has a port, UDP of DNS, else ICMP. */
export function chooseProtocol(port: number | null, wanted: "auto" | Protocol): Protocol {
  if (wanted !== "auto") return wanted;
  if (port === null) return "icmp";
  return port === 53 ? "udp" : "tcp";
}
