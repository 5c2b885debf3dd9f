import { createHmac } from "node:crypto";

/** So many digits of an identifier decide what becomes of the rest: programs print 12, 13 or 64 of one. */
const HEAD_DIGITS = 12;
const BASE_32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const MOST_REMEMBERED = 200_000;

/** Identifiers of hexadecimal digits: containers, UIDs, what interfaces are called by. A beginning stays one. */
export class DigitMapper {
  private readonly streams = new Map<string, readonly number[]>();
  private readonly fixed = new Map<string, string>();
  private readonly seen = new Map<string, string>();
  forgot = false;

  constructor(private readonly secret: Uint8Array) {}

  /** Lower-case hexadecimal digits, 7 at least, to as many. */
  map(digits: string): string {
    const known = this.seen.get(digits);
    if (known !== undefined) return known;
    const image = this.fixed.get(digits) ?? this.imageOf(digits);
    if (this.seen.size < MOST_REMEMBERED) this.seen.set(digits, image);
    else this.forgot = true;
    return image;
  }

  /** What becomes of an identifier that is made of something else of which a pseudonym is known. */
  fix(digits: string, image: string): void {
    this.fixed.set(digits, image);
    if (this.seen.has(digits)) this.seen.set(digits, image);
  }

  /** Decimal numbers with what stands between them, each to one of as many digits: `10-0-12-7`. */
  numbersLike(text: string): string {
    const stream = createHmac("sha256", this.secret).update(`numbers ${text}`).digest();
    let index = 0;
    return text.replaceAll(/\d+/g, (number) => {
      const chosen = Array.from(number, () => stream[index++ % stream.length]! % 10);
      if (number.length > 1 && chosen[0] === 0) chosen[0] = 1;
      return chosen.join("");
    });
  }

  /** As many letters and digits of base 32. */
  chain(text: string): string {
    const stream = createHmac("sha256", this.secret).update(`chain ${text}`).digest();
    return Array.from(text, (_, index) => BASE_32[stream[index % stream.length]! % BASE_32.length]).join("");
  }

  changed(): ReadonlyMap<string, string> {
    return this.seen;
  }

  private imageOf(digits: string): string {
    const head = digits.slice(0, HEAD_DIGITS);
    const stream = this.streamOf(head);
    const mapped = Array.from(head, (_, index) => stream[64 + index]!.toString(16)).join("");
    const rest = Array.from(digits.slice(HEAD_DIGITS), (digit, index) =>
      (Number.parseInt(digit, 16) ^ stream[index % 64]!).toString(16),
    );
    return mapped + rest.join("");
  }

  private streamOf(head: string): readonly number[] {
    const known = this.streams.get(head);
    if (known !== undefined) return known;
    const bytes = createHmac("sha512", this.secret).update(`digits ${head}`).digest();
    const stream = [...bytes.toString("hex")].map((digit) => Number.parseInt(digit, 16));
    if (this.streams.size >= MOST_REMEMBERED) this.streams.clear();
    this.streams.set(head, stream);
    return stream;
  }
}
