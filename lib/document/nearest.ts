/** Names longer than this are not compared: they come from hostile files, and the work is quadratic. */
const MAX_NAME_LENGTH = 100;
const MAX_CANDIDATES = 2000;

/**
 * The candidate that `name` was probably meant to be: the smallest edit distance (a swap of neighbours
 * counts as one edit), at most a third of the name's length. Letter case alone is no difference.
 * undefined where nothing is near. Of equals the first one wins.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  return nearestFew(name, candidates, 1)[0];
}

/** Up to `limit` near candidates, nearest first. */
export function nearestFew(name: string, candidates: Iterable<string>, limit: number): string[] {
  if (name.length === 0 || name.length > MAX_NAME_LENGTH) return [];
  const wanted = name.toLowerCase();
  const found: { candidate: string; distance: number }[] = [];
  let seen = 0;
  for (const candidate of candidates) {
    if (++seen > MAX_CANDIDATES) break;
    const distance = rateCandidate(wanted, candidate.toLowerCase());
    if (distance !== undefined) found.push({ candidate, distance });
  }
  found.sort((a, b) => a.distance - b.distance);
  return [...new Set(found.map((entry) => entry.candidate))].slice(0, limit);
}

function rateCandidate(wanted: string, candidate: string): number | undefined {
  if (candidate.length > MAX_NAME_LENGTH) return undefined;
  const allowed = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
  if (Math.abs(wanted.length - candidate.length) > allowed) {
    // `trace` for `trace-path`: a beginning is near, though farther than a slip of the finger.
    return wanted.length >= 3 && candidate.startsWith(wanted) ? allowed + 1 : undefined;
  }
  const distance = editDistance(wanted, candidate);
  return distance <= allowed && distance < wanted.length ? distance : undefined;
}

/** Optimal string alignment distance: insert, delete, replace, swap of neighbours. */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(previous, j) + 1, at(current, j - 1) + 1, at(previous, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, at(beforePrevious, j - 2) + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] as number;
}
