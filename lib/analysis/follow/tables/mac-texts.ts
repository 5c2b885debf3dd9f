import { formatMac } from "../../dissect/address.js";
import { int32, uint16 } from "../../dissect/bytes.js";

/** A network has few machines; captures that are made up may have any number. */
const MOST_TEXTS = 4096;

/** MAC addresses as text, each made once, as a list of one: for that is what most places show. */
export class MacTexts {
  private readonly texts = new Map<number, readonly [string]>();

  /** The one whose 6 bytes stand at an offset. */
  at(bytes: Uint8Array, at: number): readonly [string] {
    const mac = uint16(bytes, at) * 2 ** 32 + (int32(bytes, at + 2) >>> 0);
    const known = this.texts.get(mac);
    if (known !== undefined) return known;
    const text = [formatMac(bytes, at)] as const;
    if (this.texts.size < MOST_TEXTS) this.texts.set(mac, text);
    return text;
  }
}
