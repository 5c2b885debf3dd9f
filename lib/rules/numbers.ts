export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/** A value that only some bits of count. */
export interface Masked {
  readonly value: number;
  readonly mask: number;
}

const ALL = 0xffff_ffff;

/** `80`, `80:90`, `80:`, `:90`, `0x50`; undefined where it is none. */
export function parseRange(text: string, sign = ":", most = 65_535): NumberRange | undefined {
  const [left = "", right, ...more] = text.split(sign);
  if (more.length > 0) return undefined;
  const first = left === "" ? 0 : parseNumber(left);
  const last = right === undefined ? first : right === "" ? most : parseNumber(right);
  if (first === undefined || last === undefined || (left === "" && right === undefined)) return undefined;
  return { first, last };
}

export function isWithin(value: number, { first, last }: NumberRange): boolean {
  return value >= first && value <= last;
}

/** `0x4000/0x4000`, `7`. */
export function parseMasked(text: string): Masked | undefined {
  const [left = "", right, ...more] = text.split("/");
  const value = parseNumber(left);
  const mask = right === undefined ? ALL : parseNumber(right);
  return value === undefined || mask === undefined || more.length > 0 ? undefined : { value, mask };
}

export function isMasked(number: number, { value, mask }: Masked): boolean {
  return bits(number & mask) === value;
}

/** Bit operations of JavaScript give signed numbers. */
export function bits(number: number): number {
  return number >>> 0;
}

/** Decimal, hexadecimal or octal up to 32 bits, as C reads it. */
export function parseNumber(text: string): number | undefined {
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return Number.parseInt(text, 16);
  if (/^0[0-7]{1,11}$/.test(text)) return Number.parseInt(text, 8);
  if (!/^[0-9]{1,10}$/.test(text)) return undefined;
  return Number(text) <= ALL ? Number(text) : undefined;
}
