/** Internet checksums (RFC 1071) that are brought along with what they are of (RFC 1624). */

/** Sum of the 16-bit words from `at` to `end`; an odd last byte counts as the upper one. */
export function sumOf(bytes: Uint8Array, at: number, end: number): number {
  let sum = 0;
  let here = at;
  for (; here + 1 < end; here += 2) sum += (bytes[here]! << 8) | bytes[here + 1]!;
  return here < end ? sum + (bytes[here]! << 8) : sum;
}

export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}

/**
 * The field at `at`, of words whose sum was `before` and is `after`: right where it was right, and wrong by as much where it
 * was wrong.
 */
export function bringAlong(bytes: Uint8Array, at: number, { before, after }: Sums): void {
  if (fold(before) === fold(after)) return;
  const field = (bytes[at]! << 8) | bytes[at + 1]!;
  const sum = fold(fold((~field & 0xffff) + (~fold(before) & 0xffff)) + fold(after));
  write(bytes, at, ~sum & 0xffff);
}

/** The same of a message that has it in its own header; nothing there is nothing still, where it is not right by chance. */
export function bringMessageAlong(bytes: Uint8Array, at: number, sums: Sums): void {
  if (bytes[at] === 0 && bytes[at + 1] === 0 && fold(sums.before) !== 0xffff) return;
  bringAlong(bytes, at, sums);
}

interface Sums {
  readonly before: number;
  readonly after: number;
}

/**
 * Of TCP and UDP, whose sum includes the addresses. What a device is still to compute holds their sum alone, or nothing
 * (CHECKSUM_PARTIAL), and goes on doing so.
 */
export function bringTransportAlong(
  bytes: Uint8Array,
  at: number,
  { pseudo, body, isUdp }: { readonly pseudo: Sums; readonly body: Sums; readonly isUdp: boolean },
): void {
  const field = (bytes[at]! << 8) | bytes[at + 1]!;
  if (field === 0) return;
  if (field === fold(pseudo.before)) {
    write(bytes, at, fold(pseudo.after));
    return;
  }
  bringAlong(bytes, at, { before: pseudo.before + body.before, after: pseudo.after + body.after });
  // Of UDP 0 means that there is none.
  if (isUdp && bytes[at] === 0 && bytes[at + 1] === 0) write(bytes, at, 0xffff);
}

function write(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}
