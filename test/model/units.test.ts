import t from "tap";
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
  SIZE_PATTERN,
} from "../../lib/model/units.js";
import { fc } from "../fixtures/property.js";

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const BYTES = { B: 1, kB: 1000, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

t.test("durations and sizes as people write them", (t) => {
  t.equal(parseDuration("30s"), 30_000);
  t.equal(parseDuration("1.5m"), 90_000);
  t.equal(parseDuration("0.0004ms"), 0);
  t.equal(parseSize("64MiB"), 67_108_864);
  t.equal(parseSize("0.5kB"), 500);
  t.end();
});

t.test("what has no unit, a sign, a space or anything behind it is no quantity", (t) => {
  const wrong = ["", "5", "-5s", "+5s", "5 s", "5s\n", "5s ", "s", ".5s", "5.s", "5S", "1e3s", "5sec", "٥s"];
  for (const text of wrong) t.equal(parseDuration(text), undefined, JSON.stringify(text));
  for (const text of ["", "5", "5b", "5K", "5mb", "5 MiB", "5MiB\n", "0x5B"])
    t.equal(parseSize(text), undefined, text);
  t.end();
});

t.test("whole numbers of any unit come back as they were written", (t) => {
  const whole = fc.nat(1_000_000);
  fc.assert(
    fc.property(whole, fc.constantFrom(...(Object.keys(MS) as (keyof typeof MS)[])), (count, unit) => {
      t.equal(parseDuration(`${count}${unit}`), count * MS[unit]);
    }),
    { numRuns: 50 },
  );
  fc.assert(
    fc.property(whole, fc.constantFrom(...(Object.keys(BYTES) as (keyof typeof BYTES)[])), (count, unit) => {
      t.equal(parseSize(`${count}${unit}`), count * BYTES[unit]);
    }),
    { numRuns: 50 },
  );
  t.end();
});

t.test("a text parses exactly where its pattern fits, whatever it is", (t) => {
  const near = fc.stringMatching(/^[0-9.]{0,4}(ms|s|m|h|B|kB|MiB|GiB|x)?[ \n]?$/);
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), (text) => {
      const duration = parseDuration(text);
      const size = parseSize(text);
      return (
        (duration !== undefined) === new RegExp(DURATION_PATTERN).test(text) &&
        (size !== undefined) === new RegExp(SIZE_PATTERN).test(text) &&
        (duration === undefined || (Number.isInteger(duration) && duration >= 0)) &&
        (size === undefined || (Number.isInteger(size) && size >= 0))
      );
    }),
    { numRuns: 500 },
  );
  t.pass("holds");
  t.end();
});

t.test("quantities for people", (t) => {
  t.equal(formatDuration(0), "0 ms");
  t.equal(formatDuration(850.4), "850 ms");
  t.equal(formatDuration(2400), "2.4 s");
  t.equal(formatDuration(200_000), "3 min 20 s");
  t.equal(formatDuration(7_200_000), "120 min");
  t.equal(formatDuration(parseDuration("99h") ?? 0), "5940 min");
  t.equal(formatDuration(parseDuration("99999h") ?? 0), "99999 h");
  t.equal(formatSize(512), "512 B");
  t.equal(formatSize(1434), "1.4 KiB");
  t.equal(formatSize(20 * 1024 ** 2), "20.0 MiB");
  t.equal(formatSize(1024 ** 3), "1.0 GiB");
  t.end();
});

t.test("no rounding shows a part that is a whole of the next unit", (t) => {
  t.equal(formatDuration(999.7), "1.0 s");
  t.equal(formatDuration(59_990), "1 min");
  t.equal(formatDuration(119_700), "2 min");
  t.equal(formatSize(1024 ** 2 - 1), "1.0 MiB");
  t.equal(formatSize(1024 ** 3 - 1), "1.0 GiB");
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e8, noNaN: true }), (ms) => {
      const text = formatDuration(ms);
      const [, value = "0", unit = ""] = /^([0-9.]+) (ms|s|min)/.exec(text) ?? [];
      const seconds = Number(/ ([0-9]+) s$/.exec(text)?.[1] ?? 0);
      return Number(value) < { ms: 1000, s: 60, min: Infinity }[unit]! && (unit !== "min" || seconds < 60);
    }),
  );
  fc.assert(fc.property(fc.nat(2 ** 31 - 1), (bytes) => parseFloat(formatSize(bytes)) < 1024));
  t.end();
});
