/**
 * Durations and sizes as people write them. A bare number is refused: `5` could be seconds or
 * milliseconds, and somebody's capture would be a thousand times too long.
 */

const MS_PER_UNIT: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const BYTES_PER_UNIT: Record<string, number> = {
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

export const DURATION_PATTERN = "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$";
export const SIZE_PATTERN = "^[0-9]+(\\.[0-9]+)?(B|kB|MB|GB|KiB|MiB|GiB)$";

/** Milliseconds of `30s`, `1.5m`, `200ms`, `2h`; undefined where the text is no duration with a unit. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, DURATION_PATTERN, MS_PER_UNIT);
}

/** Bytes of `100MiB`, `64kB`, `512B`; undefined where the text is no size with a unit. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, SIZE_PATTERN, BYTES_PER_UNIT);
}

function parseQuantity(text: string, pattern: string, units: Record<string, number>): number | undefined {
  if (!new RegExp(pattern).test(text)) return undefined;
  const unit = /[A-Za-z]+$/.exec(text)?.[0] ?? "";
  const factor = units[unit];
  return factor === undefined ? undefined : Math.round(parseFloat(text) * factor);
}

/** From so many on nobody counts in minutes. */
const MANY_HOURS = 100;

/** `850 ms`, `2.4 s`, `3 min 20 s`, `120 min`, `99999 h`: for people. */
export function formatDuration(ms: number): string {
  // Rounded before the unit is chosen: 59.99 s is a minute, and no "60.0 s".
  const wholeMs = Math.round(ms);
  if (wholeMs < 1000) return `${wholeMs} ms`;
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds >= MANY_HOURS * 3600) return `${Math.floor(seconds / 3600)} h`;
  const rest = seconds % 60 === 0 ? "" : ` ${seconds % 60} s`;
  return `${Math.floor(seconds / 60)} min${rest}`;
}

/** `512 B`, `1.4 KiB`, `20.0 MiB`: for people. */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kib = (bytes / 1024).toFixed(1);
  if (Number(kib) < 1024) return `${kib} KiB`;
  const mib = (bytes / 1024 ** 2).toFixed(1);
  return Number(mib) < 1024 ? `${mib} MiB` : `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
