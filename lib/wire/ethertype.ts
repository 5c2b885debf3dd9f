/** What follows a header, by IEEE 802's numbers. */
export const ETHERTYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  /** An Ethernet frame (transparent Ethernet bridging). */
  frame: 0x6558,
  ipv6: 0x86dd,
  vlan: 0x8100,
  /** IEEE 802.1ad, and what switches used before it. */
  serviceVlan: 0x88a8,
  oldServiceVlan: 0x9100,
  mpls: 0x8847,
  mplsUpstream: 0x8848,
  /** Network service header. */
  nsh: 0x894f,
} as const;

/** IP's, by its version. */
export const IP_TYPE = { 4: ETHERTYPE.ipv4, 6: ETHERTYPE.ipv6 } as const;

/** As a filter has it. */
export function hexType(type: number): string {
  return `0x${type.toString(16).padStart(4, "0")}`;
}

/** What follows by the numbers of VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe) and NSH (RFC 8300); 0: none that is read. */
export function typeOfNext(protocol: number): number {
  return NEXT_PROTOCOLS[protocol] ?? 0;
}

const NEXT_PROTOCOLS: readonly number[] = [
  0,
  ETHERTYPE.ipv4,
  ETHERTYPE.ipv6,
  ETHERTYPE.frame,
  ETHERTYPE.nsh,
  ETHERTYPE.mpls,
];
