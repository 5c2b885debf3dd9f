export type Protocol = "icmp" | "udp" | "tcp";
export type ProbeKind =
  "ping" | "ping-large" | "udp" | "dns-udp" | "dns-tcp" | "tcp-connect" | "http" | "https" | "tls";
