import { MAX_INT, MIN_INT, Duration, Timestamp } from "./values.js";

const SECOND = 1_000_000_000n;
const UNITS: Readonly<Record<string, bigint>> = {
  ...{ ns: 1n, us: 1000n, µs: 1000n, μs: 1000n, ms: 1_000_000n },
  ...{ s: SECOND, m: 60n * SECOND, h: 3600n * SECOND },
};
const DURATION = /^[+-]?(?:0|(?:(?:[0-9]{1,19}(?:[.][0-9]*)?|[.][0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const TIMESTAMP =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.]([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})$/;
/** The years 1 to 9999. */
const FIRST = BigInt(Date.parse("0001-01-01T00:00:00Z")) * 1_000_000n;
const LAST = BigInt(Date.parse("9999-12-31T23:59:59Z")) * 1_000_000n + SECOND - 1n;

/** Throws Error beyond 64 bits of nanoseconds, which are 292 years. */
export function makeDuration(nanos: bigint): Duration {
  if (nanos >= MIN_INT && nanos <= MAX_INT) return new Duration(nanos);
  throw new Error("the duration is out of range: it is longer than 292 years");
}

/** Throws Error for a year that is not 1 to 9999. */
export function makeTimestamp(nanos: bigint): Timestamp {
  if (nanos >= FIRST && nanos <= LAST) return new Timestamp(nanos);
  throw new Error("the timestamp is out of range: its year is not 1 to 9999");
}

/** `1h30m`, `-1.5s`, as Go writes durations. Throws Error. */
export function parseDuration(text: string): Duration {
  if (text.length > 100 || !DURATION.test(text)) {
    throw new Error(`${JSON.stringify(text)} is no duration with units, as in 1h30m, 30s, 1.5s or 200ms`);
  }
  const parts = [...text.matchAll(/([0-9]*)(?:[.]([0-9]*))?(ns|us|µs|μs|ms|s|m|h)/g)];
  const nanos = parts.reduce((sum, [, whole = "", fraction = "", unit = ""]) => {
    const size = UNITS[unit] as bigint;
    const digits = fraction.slice(0, 18);
    return sum + BigInt(whole || "0") * size + (BigInt(digits || "0") * size) / 10n ** BigInt(digits.length);
  }, 0n);
  return makeDuration(text.startsWith("-") ? -nanos : nanos);
}

/** A time of RFC 3339. Throws Error. */
export function parseTimestamp(text: string): Timestamp {
  const [, date = "", time = "", fraction = "", zone = ""] = TIMESTAMP.exec(text) ?? [];
  const ms = Date.parse(`${date}T${time}${zone}`);
  // Date.parse makes March 1 of February 29.
  const isDay = !Number.isNaN(ms) && new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
  if (!isDay) throw new Error(`${JSON.stringify(text)} is no time of RFC 3339, as in 2026-01-31T12:00:00Z`);
  return makeTimestamp(BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, "0")));
}

/** `5400s`, `-0.5s`. */
export function formatDuration(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? "-" : ""}${size / SECOND}${formatFraction(size % SECOND)}s`;
}

/** RFC 3339 in UTC, with as many digits of the second as there are. */
export function formatTimestamp(nanos: bigint): string {
  const rest = ((nanos % SECOND) + SECOND) % SECOND;
  const date = new Date(Number((nanos - rest) / 1_000_000n)).toISOString();
  return `${date.slice(0, 19)}${formatFraction(rest)}Z`;
}

function formatFraction(nanos: bigint): string {
  return nanos === 0n ? "" : `.${nanos.toString().padStart(9, "0").replace(/0+$/, "")}`;
}

/** A date whose UTC fields are those of the time in its zone: a name of IANA's, or `+02:00`. Throws Error. */
export function dateIn({ nanos }: Timestamp, zone = "UTC"): Date {
  const ms = Number(nanos / 1_000_000n - (nanos % 1_000_000n < 0n ? 1n : 0n));
  const offset = /^([+-]?)([0-9]{1,2}):([0-9]{2})$/.exec(zone);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return new Date(ms + (offset[1] === "-" ? -1 : 1) * minutes * 60_000);
  }
  const second = Math.floor(ms / 1000) * 1000;
  const fields = new Map(
    formatter(zone)
      .formatToParts(second)
      .map(({ type, value }) => [type, value]),
  );
  const field = (name: Intl.DateTimeFormatPartTypes): number => Number(fields.get(name));
  const date = new Date(0);
  date.setUTCFullYear(field("year"), field("month") - 1, field("day"));
  date.setUTCHours(field("hour"), field("minute"), field("second"), ms - second);
  return date;
}

function formatter(zone: string): Intl.DateTimeFormat {
  const numeric = "numeric";
  try {
    return new Intl.DateTimeFormat("en-US", {
      ...{ timeZone: zone, calendar: "iso8601", hourCycle: "h23", year: numeric, month: numeric },
      ...{ day: numeric, hour: numeric, minute: numeric, second: numeric },
    });
  } catch {
    throw new Error(`${JSON.stringify(zone)} is no time zone, as in Europe/Berlin or +02:00`);
  }
}
