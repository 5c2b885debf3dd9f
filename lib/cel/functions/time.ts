import { dateIn } from "../time.js";
import type { Timestamp } from "../values.js";
import { Duration } from "../values.js";
import { define, type CelFunction } from "./function.js";

const DAY_MS = 86_400_000;
const SECOND = 1_000_000_000n;

function ofDate(name: string, means: string, example: number, read: (date: Date) => number): CelFunction {
  return define(
    [`timestamp.${name}(): int`, `timestamp.${name}(string): int`],
    `${means}, in UTC or in a time zone`,
    [`timestamp('2026-01-31T23:30:15.25Z').${name}('Europe/Berlin')`, example],
    (time: Timestamp, zone?: string) => BigInt(read(dateIn(time, zone))),
  );
}

/** Of a duration as a whole. */
function ofBoth(
  name: string,
  means: string,
  {
    example,
    nanos,
    read,
  }: { readonly example: number; readonly nanos: bigint; readonly read: (date: Date) => number },
): CelFunction {
  return define(
    [`timestamp.${name}(): int`, `timestamp.${name}(string): int`, `duration.${name}(): int`],
    `${means}: of a timestamp in UTC or in a time zone, of a duration in all`,
    [`duration('90m').${name}()`, example],
    (value: Timestamp | Duration, zone?: string) =>
      value instanceof Duration ? value.nanos / nanos : BigInt(read(dateIn(value, zone))),
  );
}

export const TIME: readonly CelFunction[] = [
  ofDate("getFullYear", "Year", 2026, (date) => date.getUTCFullYear()),
  ofDate("getMonth", "Month, from 0", 1, (date) => date.getUTCMonth()),
  ofDate("getDate", "Day of the month, from 1", 1, (date) => date.getUTCDate()),
  ofDate("getDayOfMonth", "Day of the month, from 0", 0, (date) => date.getUTCDate() - 1),
  ofDate("getDayOfWeek", "Day of the week, from Sunday as 0", 0, (date) => date.getUTCDay()),
  ofDate("getDayOfYear", "Day of the year, from 0", 31, (date) => {
    const first = new Date(date);
    first.setUTCMonth(0, 1);
    return Math.round((date.getTime() - first.getTime()) / DAY_MS);
  }),
  ofBoth("getHours", "Hours", { example: 1, nanos: 3600n * SECOND, read: (date) => date.getUTCHours() }),
  ofBoth("getMinutes", "Minutes", { example: 90, nanos: 60n * SECOND, read: (date) => date.getUTCMinutes() }),
  ofBoth("getSeconds", "Seconds", { example: 5400, nanos: SECOND, read: (date) => date.getUTCSeconds() }),
  define(
    [
      "timestamp.getMilliseconds(): int",
      "timestamp.getMilliseconds(string): int",
      "duration.getMilliseconds(): int",
    ],
    "Milliseconds within the second",
    ["duration('1.25s').getMilliseconds()", 250],
    (value: Timestamp | Duration, zone?: string) =>
      value instanceof Duration
        ? (value.nanos % SECOND) / 1_000_000n
        : BigInt(dateIn(value, zone).getUTCMilliseconds()),
  ),
];
