/** What was put in a secret's place. */
const REMOVED = "[removed]";

/** A way in which secrets stand in texts; what a group matches before and behind the secret stays. */
interface Form {
  readonly pattern: RegExp;
  readonly replace: (...parts: readonly string[]) => string;
}

const keepBefore = (_whole: string, before = ""): string => `${before}${REMOVED}`;

/** Of a value: what ends it, also within JSON, and within JSON that is text in JSON. */
const FORMS: readonly Form[] = [
  {
    pattern: /-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]{0,65536}?-----END [A-Z0-9 ]{1,40}-----/g,
    replace: () => REMOVED,
  },
  {
    pattern:
      /\b((?:proxy-)?authorization\\{0,3}["']?\s{0,4}[:=]\s{0,4}\\{0,3}["']?)(?:(?:basic|bearer|digest|negotiate|token)\s{1,4})?[^\s"'\\,;]{1,8192}/gi,
    replace: keepBefore,
  },
  {
    pattern: /\b((?:set-)?cookie\\{0,3}["']?\s{0,4}:\s{0,4}\\{0,3}["']?)[^\r\n"'\\]{1,8192}/gi,
    replace: keepBefore,
  },
  { pattern: /\b(bearer\s{1,4})[\w.~+/-]{8,8192}=*/gi, replace: keepBefore },
  { pattern: /\beyJ[\w-]{8,4096}\.[\w-]{4,8192}\.[\w-]{0,4096}/g, replace: () => REMOVED },
  { pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, replace: () => REMOVED },
  { pattern: /\bgh[pousr]_[A-Za-z0-9]{20,255}\b/g, replace: () => REMOVED },
  { pattern: /(:\/\/[^\s:/@"'\\]{1,256}:)[^\s/@"'\\]{1,1024}(?=@)/g, replace: keepBefore },
  {
    pattern:
      /\b([a-z0-9_-]{0,48}(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?key[_-]?data|client[_-]?secret)\\{0,3}["']?\s{0,4}[:=]\s{0,4}\\{0,3}["']?)(?!true\b|false\b|null\b|\[removed\])[^\s"'\\,;&{}[\]]{3,8192}/gi,
    replace: keepBefore,
  },
];

/** A text without what looks like a secret, and how many there were. */
export function removeSecrets(text: string): { readonly text: string; readonly count: number } {
  let count = 0;
  let rest = text;
  for (const { pattern, replace } of FORMS) {
    rest = rest.replace(pattern, (...parts: readonly unknown[]) => {
      count++;
      return replace(...parts.filter((part): part is string => typeof part === "string"));
    });
  }
  return { text: rest, count };
}
