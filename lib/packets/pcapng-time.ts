import type { ExactTime } from "./reader.js";

/** How a pcapng timestamp of 64 bits, in two words, becomes time. */
export interface Resolution {
  /** Microseconds, exact but for a finer resolution's fraction. */
  toMicroseconds(high: number, low: number): number;
  toExact(high: number, low: number): ExactTime;
}

const WORD = 2 ** 32;

/**
 * `if_tsresol` (draft-ietf-opsawg-pcapng, section 4.2): 10 to the minus n seconds, or with the topmost bit set 2 to
 * the minus n.
 */
export function resolutionOf(byte: number): Resolution {
  const exponent = byte & 0x7f;
  if (byte < 0x80 && exponent >= 6 && exponent <= 15) return finerThanMicroseconds(10 ** (exponent - 6));
  return anyOther(byte >= 0x80 ? 2n ** BigInt(exponent) : 10n ** BigInt(exponent));
}

/**
 * A word is so many whole microseconds and a rest, and so both parts of the sum stay exact in a double. `parts`: how
 * many units are a microsecond.
 */
function finerThanMicroseconds(parts: number): Resolution {
  const whole = Math.floor(WORD / parts);
  const rest = WORD % parts;
  return {
    toMicroseconds: (high, low) => high * whole + (high * rest + low) / parts,
    toExact: (high, low) => {
      const units = high * rest + low;
      const microseconds = high * whole + Math.floor(units / parts);
      const nanoseconds = Math.floor(((units % parts) * 1000) / parts);
      return {
        seconds: Math.floor(microseconds / 1e6),
        nanoseconds: (microseconds % 1e6) * 1000 + nanoseconds,
      };
    },
  };
}

function anyOther(unitsPerSecond: bigint): Resolution {
  const toNanoseconds = (high: number, low: number): bigint =>
    (((BigInt(high) << 32n) | BigInt(low)) * 1_000_000_000n) / unitsPerSecond;
  return {
    toMicroseconds: (high, low) => Number(toNanoseconds(high, low)) / 1000,
    toExact: (high, low) => {
      const nanoseconds = toNanoseconds(high, low);
      return {
        seconds: Number(nanoseconds / 1_000_000_000n),
        nanoseconds: Number(nanoseconds % 1_000_000_000n),
      };
    },
  };
}
