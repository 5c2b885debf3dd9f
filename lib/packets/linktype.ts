/** Link types that are read, by number: https://www.tcpdump.org/linktypes.html */
export const LINKTYPE = {
  NULL: 0,
  EN10MB: 1,
  RAW_BSD: 12,
  RAW_OPENBSD: 14,
  RAW: 101,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  NFLOG: 239,
  LINUX_SLL2: 276,
} as const;

export const KNOWN_LINKTYPES: readonly number[] = Object.values(LINKTYPE);
