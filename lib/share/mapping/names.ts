import { isSameForAll, isWord } from "./vocabulary.js";

/** What a name is of; the beginning of its pseudonym. */
export const KINDS = [
  "ns",
  "pod",
  "node",
  "svc",
  "label",
  "dns",
  "cluster",
  "user",
  "dir",
  "image",
  "path",
  "name",
] as const;
export type NameKind = (typeof KINDS)[number];

export interface NamePair {
  readonly kind: NameKind;
  readonly original: string;
  readonly pseudonym: string;
}

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
const LEAST_CHARS = 2;
/** Of a URL's path, where a probe asks for one; of a name in Kubernetes and DNS there are 253 at most. */
const MOST_CHARS = 1024;
/** A run with more was made to be slow; those beyond are still hidden where they stand, by what they are made of. */
const MOST_NAMES = 200_000;

/**
 * Pseudonyms of names: one for each text, whatever it is a name of, and as long as the text, since a capture has no room for
 * another length. Letters' case is no part of a name.
 */
export class NameRegistry {
  private readonly byOriginal = new Map<string, NamePair>();
  private readonly taken = new Set<string>();
  private readonly counts = new Map<string, number>();

  constructor(known: readonly NamePair[] = []) {
    for (const pair of known) {
      this.byOriginal.set(pair.original, pair);
      this.taken.add(pair.pseudonym);
    }
  }

  get size(): number {
    return this.byOriginal.size;
  }

  /** What becomes of a name; itself where it is the same in every cluster, or too short to be hidden. */
  nameOf(text: string, kind: NameKind): string {
    const original = text.toLowerCase();
    const known = this.byOriginal.get(original);
    if (known !== undefined) return likeCase(known.pseudonym, text);
    if (!this.canHide(original)) return text;
    const pseudonym = this.choose(original, kind);
    this.byOriginal.set(original, { kind, original, pseudonym });
    this.taken.add(pseudonym);
    return likeCase(pseudonym, text);
  }

  /** What a name was first met as. */
  kindOf(text: string): NameKind | null {
    return this.byOriginal.get(text)?.kind ?? null;
  }

  pairs(): readonly NamePair[] {
    return [...this.byOriginal.values()];
  }

  private canHide(original: string): boolean {
    if (original.length < LEAST_CHARS || original.length > MOST_CHARS || isSameForAll(original)) return false;
    return /[a-z]/.test(original) && this.byOriginal.size < MOST_NAMES;
  }

  private choose(original: string, kind: NameKind): string {
    const { length } = original;
    const countKey = `${kind} ${length}`;
    for (let count = (this.counts.get(countKey) ?? 0) + 1; ; count++) {
      this.counts.set(countKey, count);
      const name = spell(kind, count, length);
      if (name.length !== length) return this.chooseAny(original);
      if (!this.taken.has(name) && !this.byOriginal.has(name) && !isWord(name) && name !== original)
        return name;
    }
  }

  /** Where a kind has no more of that length: any letters that are free; of two there are 36 times 36. */
  private chooseAny(original: string): string {
    const { length } = original;
    for (let count = 0; count < DIGITS.length ** Math.min(length, 4); count++) {
      const name = `${"z".repeat(Math.max(0, length - 4))}${toBase36(count, Math.min(length, 4))}`;
      if (!this.taken.has(name) && !this.byOriginal.has(name) && name !== original) return name;
    }
    return "z".repeat(length);
  }
}

/** `pod-2`, `pod-0002`, where there is room for it; else its first letter and a number of base 36. */
function spell(kind: NameKind, count: number, length: number): string {
  const room = length - kind.length - 1;
  const number = String(count);
  if (room >= number.length) return `${kind}-${number.padStart(room, "0")}`;
  return `${kind[0]!}${toBase36(count, length - 1)}`;
}

function toBase36(value: number, length: number): string {
  return value.toString(36).padStart(length, "0");
}

/** DNS servers give a name back in the letters' case in which it was asked for, and clients look for that. */
function likeCase(pseudonym: string, text: string): string {
  if (text === text.toLowerCase()) return pseudonym;
  return Array.from(pseudonym, (char, index) => {
    const like = text[index] ?? "";
    return like !== like.toLowerCase() ? char.toUpperCase() : char;
  }).join("");
}
