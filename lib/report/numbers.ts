/** A share, 0 to 1, for people: never 0 % of what is something, nor 100 % of what is not all. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (share > 0 && percent < 0.05) return "<0.1 %";
  if (share < 1 && percent >= 99.95) return ">99.9 %";
  return `${percent.toFixed(1).replace(/\.0$/, "")} %`;
}

/** `850 µs`, `3.2 ms`, `1.4 s`. */
export function formatMicros(timeUs: number): string {
  const size = Math.abs(timeUs);
  if (size < 999.5) return `${Math.round(timeUs)} µs`;
  return size < 999_500 ? `${trim(timeUs / 1000)} ms` : `${trim(timeUs / 1_000_000)} s`;
}

/** How long something took, from milliseconds to hours: `420 ms`, `14.2 s`, `3 min 5 s`, `2 h 4 min`. */
export function formatSpan(tookMs: number): string {
  if (tookMs < 60_000) return formatMicros(tookMs * 1000);
  const seconds = Math.round(tookMs / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

/** Least, median and most in one: `40 µs`, `38–52 µs, median 40 µs`. */
export function formatSpread(
  spread: { readonly least: number; readonly median: number; readonly most: number },
  unitUs = 1,
): string {
  const [least, median, most] = [spread.least, spread.median, spread.most].map((value) =>
    formatMicros(value * unitUs),
  ) as [string, string, string];
  return least === most ? median : `${least} to ${most}, median ${median}`;
}

function trim(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}
