/** IANA's DNS parameters: the types that a resolver of a pod asks for, and the response codes. */
const TYPES: Readonly<Record<number, string>> = {
  1: "A",
  2: "NS",
  5: "CNAME",
  6: "SOA",
  12: "PTR",
  15: "MX",
  16: "TXT",
  28: "AAAA",
  33: "SRV",
  35: "NAPTR",
  43: "DS",
  48: "DNSKEY",
  64: "SVCB",
  65: "HTTPS",
  252: "AXFR",
  255: "ANY",
  257: "CAA",
};

const RCODES: Readonly<Record<number, string>> = {
  0: "NOERROR",
  1: "FORMERR",
  2: "SERVFAIL",
  3: "NXDOMAIN",
  4: "NOTIMP",
  5: "REFUSED",
  6: "YXDOMAIN",
  7: "YXRRSET",
  8: "NXRRSET",
  9: "NOTAUTH",
  10: "NOTZONE",
};

/** "AAAA", or RFC 3597's "TYPE64000" for what has no name here. */
export function nameType(type: number): string {
  return TYPES[type] ?? `TYPE${type}`;
}

export function nameRcode(rcode: number): string {
  return RCODES[rcode] ?? `rcode ${rcode}`;
}
