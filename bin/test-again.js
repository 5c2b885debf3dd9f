// What fails in a suite of real processes may hang on what else the machine did: it gets a second try, in public.

/** More than that is no accident. */
const MOST = 3;

/**
 * Of `failed`, `[{ group, result }…]`, each that `run(group)` runs once more, one after the other. Gives
 * `{ last, unsteady }`: the results that count, and the groups that failed and then passed.
 */
export async function tryAgain(failed, run) {
  if (failed.length > MOST) return { last: failed.map(({ result }) => result), unsteady: [] };
  const last = [];
  const unsteady = [];
  for (const { group } of failed) {
    const result = await run(group);
    last.push(result);
    if (result.why === undefined) unsteady.push(group);
  }
  return { last, unsteady };
}
