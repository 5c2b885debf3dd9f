import { LINKTYPE } from "../../packets/linktype.js";
import { readEthernet } from "./ethernet.js";
import { readLoopback } from "./loopback.js";
import { readNflog } from "./nflog.js";
import type { Packet } from "./packet.js";
import { readSll, readSll2 } from "./sll.js";

/** The offset of the IP header behind a link header; -1 where there is none, or the link type is none that is read. */
export function readLink(bytes: Uint8Array, at: number, linktype: number, packet: Packet): number {
  switch (linktype) {
    case LINKTYPE.EN10MB:
      return readEthernet(bytes, at, packet);
    case LINKTYPE.LINUX_SLL2:
      return readSll2(bytes, at, packet);
    case LINKTYPE.LINUX_SLL:
      return readSll(bytes, at, packet);
    case LINKTYPE.NULL:
    case LINKTYPE.LOOP:
      return readLoopback(bytes, at, packet);
    case LINKTYPE.NFLOG:
      return readNflog(bytes, at, packet);
    case LINKTYPE.RAW:
    case LINKTYPE.RAW_BSD:
    case LINKTYPE.RAW_OPENBSD:
    case LINKTYPE.IPV4:
    case LINKTYPE.IPV6:
      return at;
    default:
      return -1;
  }
}
