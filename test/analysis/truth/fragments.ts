import { payloadBytesOf, type Frame } from "./frame.js";

const UDP_BYTES = 8;

/** Cuts a datagram into IP fragments of so many bytes, a multiple of 8; what is no datagram or short enough stays what it is. */
export function fragmentFrame(frame: Frame, bytes: number): readonly Frame[] {
  if (frame.body.kind !== "udp") return [frame];
  const whole = UDP_BYTES + payloadBytesOf(frame);
  if (whole <= bytes) return [frame];
  return Array.from({ length: Math.ceil(whole / bytes) }, (_, index): Frame => {
    const from = index * bytes;
    const length = Math.min(bytes, whole - from);
    const isLast = from + length === whole;
    return { ...frame, body: { kind: "fragment", of: frame, from, length, isLast } };
  });
}

/** What comes to an end: datagrams of which a fragment is missing do not, others with their last one. */
export function joinFragments<Item extends { readonly frame: Frame }>(
  items: readonly Item[],
): readonly Item[] {
  const had = new Map<Frame, Map<number, number>>();
  return items.flatMap((item) => {
    const { body } = item.frame;
    if (body.kind !== "fragment") return [item];
    const parts = had.get(body.of) ?? new Map<number, number>();
    had.set(body.of, parts.set(body.from, body.length));
    const bytes = [...parts.values()].reduce((sum, length) => sum + length, 0);
    if (bytes < UDP_BYTES + payloadBytesOf(body.of)) return [];
    had.delete(body.of);
    return [{ ...item, frame: body.of }];
  });
}
