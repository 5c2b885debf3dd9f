import { CelFault } from "./fault.js";

const SIMPLE: Readonly<Record<string, string>> = {
  ...{ a: "\u0007", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" },
  ...{ "\\": "\\", "?": "?", '"': '"', "'": "'", "`": "`" },
};
const ESCAPE =
  /\\(?:([abfnrtv\\?"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/y;

/** A literal's text without its escapes, each piece with whether it stands for a byte. `offset`: of the text. */
function* readPieces(
  raw: string,
  offset: number,
): Generator<{ text: string; byte: number | undefined; unicode: boolean }> {
  let from = 0;
  for (;;) {
    const at = raw.indexOf("\\", from);
    if (at < 0) break;
    if (at > from) yield { text: raw.slice(from, at), byte: undefined, unicode: false };
    ESCAPE.lastIndex = at;
    const found = ESCAPE.exec(raw);
    const place = { start: offset + at, end: offset + at + 2 };
    if (found === null) throw new CelFault(`there is no escape ${raw.slice(at, at + 2)}`, place);
    const [whole, simple, hex, short, long, octal] = found;
    const unicode = short ?? long;
    const code =
      hex !== undefined || unicode !== undefined
        ? parseInt((hex ?? unicode) as string, 16)
        : parseInt(octal ?? "0", 8);
    if (unicode !== undefined && (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))) {
      throw new CelFault(`${whole} is no character`, { ...place, end: place.start + whole.length });
    }
    const text = simple === undefined ? String.fromCodePoint(code) : (SIMPLE[simple] as string);
    const isByte = hex !== undefined || octal !== undefined;
    yield { text, byte: isByte ? code : undefined, unicode: unicode !== undefined };
    from = at + whole.length;
  }
  if (from < raw.length) yield { text: raw.slice(from), byte: undefined, unicode: false };
}

export function unescapeText(raw: string, offset: number): string {
  return [...readPieces(raw, offset)].map(({ text }) => text).join("");
}

/** Of bytes `\xff` and `\377` are one byte, and text is UTF-8. */
export function unescapeBytes(raw: string, offset: number): Uint8Array {
  const bytes = [...readPieces(raw, offset)].flatMap(({ text, byte, unicode }) => {
    if (unicode)
      throw new CelFault("bytes have no escapes \\u and \\U", { start: offset, end: offset + raw.length });
    return byte === undefined ? [...new TextEncoder().encode(text)] : [byte];
  });
  return Uint8Array.from(bytes);
}
