import type { Symptom } from "../runbook/index.js";

/** A runbook as far as it is chosen by what a person sees. */
interface Suggestable {
  readonly name: string;
  readonly symptoms: readonly Symptom[];
}

/** One that fits, and by which of its phrases. */
interface Match<T extends Suggestable> {
  readonly of: T;
  readonly symptom: string;
  readonly phrase: string;
}

/** Of a text that is longer the rest is left out: it is a line of a log, not the log. */
const MAX_TEXT = 2000;
const MAX_WORDS = 200;
/** How much of a phrase has to stand in the text, or of the text in a phrase. */
const ENOUGH = 0.6;
/** A runbook whose best phrase says less than this share of what the best one's says is not told of beside it. */
const BESIDE = 0.5;

/** They stand in every sentence and tell no symptom from another. */
const FILLERS = new Set(
  (
    "a about after all an and any are as at be been but by can cannot could do does doing done error errors failed failing " +
    "fails for from get gets getting got had has have he how i if in into is it its me my no not of on one only or our out pod " +
    "pods sees she so some sometimes than that the their them then there they this to was we were what when where which who why " +
    "will with you your"
  ).split(" "),
);

/**
 * Which runbooks fit what a person sees: an error's text or their own words. A phrase fits where its words stand in the
 * text, or the text's in it; rare words count more. The best come first, those that say as much by name. None: nothing fits.
 */
export function suggest<T extends Suggestable>(text: string, runbooks: readonly T[], most = 3): Match<T>[] {
  const words = wordsOf(text.slice(0, MAX_TEXT));
  if (words.size === 0) return [];
  const phrases = runbooks.flatMap((of) =>
    of.symptoms.flatMap(({ when, says }) =>
      [when, ...says].map((phrase) => ({ of, symptom: when, phrase, words: wordsOf(phrase) })),
    ),
  );
  const weigh = weightsOf(phrases.map((phrase) => phrase.words));
  const best = new Map<string, Match<T> & { readonly said: number }>();
  for (const { words: wanted, ...phrase } of phrases) {
    const shared = weigh([...wanted].filter((word) => words.has(word)));
    if (shared === 0) continue;
    const share = Math.max(shared / weigh([...wanted]), shared / weigh([...words]));
    if (share < ENOUGH) continue;
    const said = shared * share;
    const other = best.get(phrase.of.name);
    if (other === undefined || other.said < said) best.set(phrase.of.name, { ...phrase, said });
  }
  const ordered = [...best.values()].sort(
    (one, other) => other.said - one.said || (one.of.name < other.of.name ? -1 : 1),
  );
  const [first] = ordered;
  return ordered
    .filter(({ said }) => first !== undefined && said >= first.said * BESIDE)
    .slice(0, most)
    .map(({ of, symptom, phrase }) => ({ of, symptom, phrase }));
}

/** One thing, of which people and programs write one word or two. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/\btim(?:e|ed|es|ing)[ -]?outs?\b/g, "timeout"],
  [/\bnetwork[ -]?polic(?:y|ies)\b|\bnetpols?\b/g, "network policy"],
  [/\bcluster[ -]?ips?\b/g, "clusterip"],
  [/\bnode[ -]?ports?\b/g, "nodeport"],
  [/\bcross[ -]?nodes?\b/g, "cross node"],
  [/\bcksums?\b/g, "checksum"],
];

/** A text's words: letters alone, since numbers, addresses and names are of one case only; without endings. */
function wordsOf(text: string): ReadonlySet<string> {
  const words = new Set<string>();
  const alike = SPELLINGS.reduce((so, [spelt, as]) => so.replace(spelt, as), text.toLowerCase());
  for (const [word] of alike.matchAll(/[a-z][a-z0-9]*/g)) {
    if (FILLERS.has(word)) continue;
    words.add(stem(word));
    if (words.size >= MAX_WORDS) break;
  }
  return words;
}

/** "resets", "resetting", "dropped", "denied" are "reset", "drop", "deny": enough for words of a trade, and the same on both sides. */
function stem(word: string): string {
  const bare = word.replace(/i(?:es|ed)$/, "y").replace(/(?:ing|ed|es|s|e)$/, "");
  const base = bare.length < 3 ? word : bare;
  return base.replace(/([b-df-hj-np-tv-z])\1$/, "$1");
}

/** What words weigh together: the fewer phrases have one, the more it tells; one that no phrase has as much as the rarest. */
function weightsOf(phrases: readonly ReadonlySet<string>[]): (words: readonly string[]) => number {
  const counts = new Map<string, number>();
  for (const words of phrases) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const weight = (word: string): number => 1 + Math.log((phrases.length + 1) / (counts.get(word) ?? 1));
  return (words) => words.reduce((sum, word) => sum + weight(word), 0);
}
