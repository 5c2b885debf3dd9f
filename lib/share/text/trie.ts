/** Texts and what stands for each, found in a longer text from left to right, the longest first. */
interface Found {
  readonly end: number;
  readonly replacement: string;
}

interface Branch {
  readonly next: Map<number, Branch>;
  replacement: string | null;
}

const CAPITAL_A = 0x41;
const CAPITAL_Z = 0x5a;

export class Trie {
  private readonly root: Branch = { next: new Map(), replacement: null };

  /** `text` in lower case. */
  add(text: string, replacement: string): void {
    let at = this.root;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      let next = at.next.get(code);
      if (next === undefined) {
        next = { next: new Map(), replacement: null };
        at.next.set(code, next);
      }
      at = next;
    }
    at.replacement = replacement;
  }

  /** The longest that begins at `start` and ends where a word may; null where there is none. */
  find(text: string, start: number, mayEnd = isWordEnd): Found | null {
    let at = this.root;
    let found: Found | null = null;
    for (let index = start; index < text.length; index++) {
      let code = text.charCodeAt(index);
      if (code >= CAPITAL_A && code <= CAPITAL_Z) code += 32;
      const next = at.next.get(code);
      if (next === undefined) break;
      at = next;
      if (at.replacement !== null && mayEnd(text, index + 1))
        found = { end: index + 1, replacement: at.replacement };
    }
    return found;
  }
}

/** Whether a word may begin at `at`: what stands before is no letter or digit, or the letter of an escape (`\n`). */
export function isWordStart(text: string, at: number): boolean {
  if (at === 0 || !isAlphanumeric(text.charCodeAt(at - 1))) return true;
  return at > 1 && text[at - 2] === "\\" && "nrtbf".includes(text[at - 1]!);
}

function isWordEnd(text: string, at: number): boolean {
  return at >= text.length || !isAlphanumeric(text.charCodeAt(at));
}

function isAlphanumeric(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}
