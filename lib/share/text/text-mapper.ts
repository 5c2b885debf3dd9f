import type { Mapping } from "../mapping/mapping.js";
import { ROLE_RANKS } from "../../model/roles.js";
import { isWord } from "../mapping/vocabulary.js";
import { removeSecrets } from "./secrets.js";
import { findTokens, type Kept, type Token } from "./tokens.js";
import { isWordStart, Trie } from "./trie.js";

const LEAST_BARE_CHARS = 3;
/** Between a namespace and a name: as people write it, in hops' ids, in file names, in rules. */
const JOINTS = ["/", "_", "-", ":"] as const;
/** In files of hopbook and of Kubernetes: whose values are names. */
const NAME_KEYS = [
  "name",
  "node",
  "nodeName",
  "pod",
  "namespace",
  "cluster",
  "context",
  "target",
  "hostname",
] as const;
const ROLES = Object.keys(ROLE_RANKS);

/** Changes texts by a mapping that knows all names by then. */
export class TextMapper {
  private readonly trie = new Trie();
  secrets = 0;

  constructor(
    private readonly mapping: Mapping,
    private readonly kept: Kept,
  ) {
    const { names, objects, domains } = mapping;
    for (const { original, pseudonym } of names.pairs()) {
      if (isTold(original)) this.trie.add(original, pseudonym);
      else this.addWhereItIsToldAsAName(original, pseudonym);
    }
    for (const object of objects) this.addObject(object);
    for (const domain of domains) if (domain.includes(".")) this.trie.add(domain, mapping.domain(domain));
  }

  /** The text by the mapping, without secrets. */
  map(text: string): string {
    const { text: clean, count } = removeSecrets(text);
    this.secrets += count;
    return this.replace(clean);
  }

  /** The same of a path within the folder. */
  mapPath(path: string): string {
    return this.replace(path);
  }

  private replace(text: string): string {
    const parts: string[] = [];
    const tokens = findTokens(text, this.mapping, this.kept);
    let token = nextOf(tokens);
    let copied = 0;
    let at = 0;
    while (at < text.length) {
      while (token !== null && token.start < at) token = nextOf(tokens);
      const name = isWordStart(text, at) ? this.trie.find(text, at) : null;
      const isToken = token?.start === at && (name === null || token.end >= name.end);
      const found = isToken ? token : name;
      if (found === null) {
        at = this.nextPlace(text, at, token);
        continue;
      }
      parts.push(text.slice(copied, at), found.replacement);
      at = copied = found.end;
    }
    parts.push(text.slice(copied));
    return parts.join("");
  }

  /** The next place where anything may begin. */
  private nextPlace(text: string, at: number, token: Token | null): number {
    let next = at + 1;
    const end = token === null ? text.length : Math.max(next, token.start);
    while (next < end && !isWordStart(text, next)) next++;
    return next;
  }

  private addObject(object: string): void {
    const [namespace = "", name = ""] = object.split("/");
    const { names } = this.mapping;
    const [mappedNamespace, mappedName] = [names.nameOf(namespace, "ns"), names.nameOf(name, "pod")];
    for (const joint of JOINTS)
      this.trie.add(`${namespace}${joint}${name}`, `${mappedNamespace}${joint}${mappedName}`);
    this.trie.add(`${name}.${namespace}`, `${mappedName}.${mappedNamespace}`);
  }

  /** A name that is a common word, or a few letters. */
  private addWhereItIsToldAsAName(original: string, pseudonym: string): void {
    for (const key of NAME_KEYS)
      for (const space of ["", " "])
        this.trie.add(`"${key.toLowerCase()}":${space}"${original}"`, `"${key}":${space}"${pseudonym}"`);
    for (const role of ROLES) this.trie.add(`${original}.${role}.`, `${pseudonym}.${role}.`);
  }
}

/** Whether a name is told from other words wherever it stands. */
export function isTold(name: string): boolean {
  return name.length >= LEAST_BARE_CHARS && !isWord(name);
}

function nextOf(tokens: Iterator<Token, void>): Token | null {
  const result = tokens.next();
  return result.done === true ? null : result.value;
}
