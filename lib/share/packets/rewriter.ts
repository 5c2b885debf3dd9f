import { createHmac } from "node:crypto";
import type { Openers } from "../../wire/open.js";
import type { PacketContext, PacketMapping } from "./context.js";
import { rewriteBehind, rewriteFrame } from "./frame.js";
import { rewriteIp } from "./ip.js";

interface RewriteOptions {
  /** What is opened: tunnels that are usual, and those that the run's evidence tells of. */
  readonly openers: Openers;
  /** What packets carry stays, as it is. */
  readonly keepsPayload: boolean;
  /** What hopbook's own probes carry, which stays. */
  readonly tags: readonly Uint8Array[];
  readonly secret: Uint8Array;
}

/** A record, from its link header on. */
interface RecordShape {
  readonly length: number;
  readonly linktype: number;
  /** All that was on the wire was captured. */
  readonly isWhole: boolean;
}

/** Changes packets of captures, one after the other. */
export class PacketRewriter {
  private readonly context: PacketContext;

  constructor(mapping: PacketMapping, { openers, keepsPayload, tags, secret }: RewriteOptions) {
    const context: PacketContext = {
      bytes: new Uint8Array(0),
      mapping,
      addresses: mapping.addresses,
      macs: mapping.macs,
      openers,
      keepsPayload,
      isWhole: false,
      overwrittenBytes: 0,
      tags,
      payloadKey: createHmac("sha256", secret).update("payload").digest().subarray(0, 16),
      depth: 0,
      enter: (type, at, end) => rewriteBehind(context, { type, at, end }),
      enterIp: (at, end) => rewriteIp(context, at, end),
    };
    this.context = context;
  }

  /** Bytes of payload that were overwritten so far. */
  get overwrittenBytes(): number {
    return this.context.overwrittenBytes;
  }

  /** `bytes` begin with a record. How many of its bytes stay. */
  rewrite(bytes: Uint8Array, { length, linktype, isWhole }: RecordShape): number {
    this.context.bytes = bytes;
    this.context.isWhole = isWhole;
    this.context.depth = 0;
    return Math.min(length, rewriteFrame(this.context, length, linktype));
  }
}
