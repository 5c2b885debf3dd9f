/** What is known of a packet in flight; bits. */
export const TRAIT = {
  /** It occupies no sequence space: a bare ACK. */
  bare: 1,
  /** It carries only bytes that its sender had sent before. */
  again: 2,
  /** It began to show where its direction usually does not, and not all of its bytes were found in other frames so far. */
  orphan: 8,
  /** The first packet of its connection. */
  opens: 16,
  /** A router said that it was too big. */
  tooBig: 32,
  /** A RST of the client, or of a connection that was closing: firewalls may drop it without harm. */
  lateReset: 64,
  /** The network doubled it. */
  copy: 128,
  /** It began to show where its direction usually does not, and its bytes were in other frames before. */
  cut: 4,
  /** Another transmission has bytes of it: which one was acknowledged, nobody knows. */
  repeated: 256,
} as const;
