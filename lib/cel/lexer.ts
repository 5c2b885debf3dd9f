import { unescapeBytes, unescapeText } from "./escapes.js";
import { CelFault } from "./fault.js";
import type { LiteralNode, Place } from "./syntax.js";
import { MAX_INT, MAX_UINT, Uint } from "./values.js";

export type Token = Place &
  (
    | { readonly kind: "symbol" | "name" | "quoted"; readonly text: string }
    | { readonly kind: "literal"; readonly text: string; readonly value: LiteralNode["value"] }
    | { readonly kind: "end"; readonly text: "" }
  );

const SPACE = /(?:[ \t\n\f\r]+|\/\/[^\n]*)+/y;
const NUMBER =
  /(0[xX][0-9a-fA-F]+|[0-9]+(?![0-9]|[.][0-9]|[eE][+-]?[0-9]))([uU]?)|(?:[0-9]*[.][0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?/y;
const QUOTE = /([rRbB]{0,2})("""|'''|"|')/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const QUOTED = /`([A-Za-z0-9_.\-/ ]+)`/y;
const SYMBOL = /==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]{}]/y;
const PREFIXES = ["", "r", "b", "rb", "br"];

/** The tokens of an expression, the last one its end. Throws CelFault. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let position = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    return pattern.exec(source);
  };
  for (;;) {
    position += match(SPACE)?.[0].length ?? 0;
    if (position >= source.length) {
      return [...tokens, { kind: "end", text: "", start: source.length, end: source.length }];
    }
    const token = readQuoted(source, match(QUOTE)) ?? readToken(match, position);
    if (token === undefined) {
      const [character = ""] = source.slice(position);
      throw new CelFault(`there is no place for ${JSON.stringify(character)} here`, {
        start: position,
        end: position + 1,
      });
    }
    tokens.push(token);
    position = token.end;
  }
}

function readToken(match: (pattern: RegExp) => RegExpExecArray | null, start: number): Token | undefined {
  const number = match(NUMBER);
  if (number !== null) return readNumber(number, start);
  const name = match(NAME);
  if (name !== null) return { kind: "name", text: name[0], start, end: start + name[0].length };
  const quoted = match(QUOTED);
  if (quoted !== null) {
    return { kind: "quoted", text: quoted[1] as string, start, end: start + quoted[0].length };
  }
  const symbol = match(SYMBOL);
  if (symbol !== null) return { kind: "symbol", text: symbol[0], start, end: start + symbol[0].length };
  return undefined;
}

/** The smallest int has no positive one: its digits pass here, and the parser puts the minus in front. */
function readNumber([text, whole, unsigned]: RegExpExecArray, start: number): Token {
  const place = { start, end: start + text.length };
  const token = { kind: "literal", text, ...place } as const;
  if (whole === undefined) return { ...token, value: Number(text) };
  const value = BigInt(whole);
  const most = unsigned === "" ? MAX_INT + 1n : MAX_UINT;
  if (value > most) throw new CelFault(`the number ${text} is too large`, place, "out-of-range");
  return { ...token, value: unsigned === "" ? value : new Uint(value) };
}

function readQuoted(source: string, found: RegExpExecArray | null): Token | undefined {
  if (found === null) return undefined;
  const [opening, prefix = "", quote = ""] = found;
  if (!PREFIXES.includes(prefix.toLowerCase())) return undefined;
  const isRaw = /r/i.test(prefix);
  const from = found.index + opening.length;
  const end = findQuote(source, from, { quote, isRaw });
  const place = { start: found.index, end: end + quote.length };
  const raw = source.slice(from, end);
  if (end >= source.length || (quote.length === 1 && /[\n\r]/.test(raw))) {
    throw new CelFault("the text has no end", { start: found.index, end: source.length });
  }
  const isBytes = /b/i.test(prefix);
  const text = isRaw ? raw : isBytes ? "" : unescapeText(raw, from);
  const bytes = isRaw ? new TextEncoder().encode(raw) : isBytes ? unescapeBytes(raw, from) : undefined;
  return { kind: "literal", text: raw, value: isBytes && bytes !== undefined ? bytes : text, ...place };
}

/** Where the quote stands that ends a text; the source's length where none does. */
export function findQuote(
  source: string,
  from: number,
  { quote, isRaw }: { readonly quote: string; readonly isRaw: boolean },
): number {
  for (let position = from; position < source.length; position++) {
    if (source.startsWith(quote, position)) return position;
    if (!isRaw && source.charAt(position) === "\\") position++;
  }
  return source.length;
}
