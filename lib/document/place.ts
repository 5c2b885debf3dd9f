/** Offsets into a file's text; `end` is behind the last character. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Part of the text value at a path: `offset` characters into the value, as it is in the data. */
export interface ValuePart {
  readonly offset: number;
  readonly length: number;
}

const MARK = "${{";

/**
 * Where a part of a value stands in the file. The value may be plain, quoted, folded or a block: from the mark of the
 * expression that the part is in (`${{`), both texts are walked side by side. undefined where they do not go together.
 */
export function findPart(
  text: string,
  value: { readonly data: string; readonly range: TextRange },
  part: ValuePart,
): TextRange | undefined {
  const { data, range } = value;
  const before = data.lastIndexOf(MARK, part.offset);
  if (before < 0) return undefined;
  let mark = -1;
  // The n-th mark in the value is the n-th mark in the file.
  for (let from = data.indexOf(MARK); from >= 0 && from <= before; from = data.indexOf(MARK, from + 1)) {
    mark = text.indexOf(MARK, Math.max(range.start, mark + 1));
    if (mark < 0 || mark >= range.end) return undefined;
  }
  const start = walk(text, mark, data.slice(before, part.offset));
  if (start === undefined) return undefined;
  const end = walk(text, start, data.slice(part.offset, part.offset + part.length)) ?? start;
  return { start, end: Math.min(end, range.end) };
}

/** The offset behind `data` in the file, which begins at `offset` there; line ends fold, quotes are escaped. */
function walk(text: string, offset: number, data: string): number | undefined {
  let position = offset;
  let index = 0;
  while (index < data.length) {
    const wanted = data.charAt(index);
    const found = text.charAt(position);
    if (found === wanted) {
      position++;
      index++;
    } else if (isSpace(wanted) || isSpace(found)) {
      while (isSpace(text.charAt(position))) position++;
      while (isSpace(data.charAt(index))) index++;
    } else if (isEscape(found) && text.charAt(position + 1) === wanted) {
      position += 2;
      index++;
    } else {
      return undefined;
    }
  }
  // A part that begins on the next line begins at its first word.
  return position;
}

function isSpace(character: string): boolean {
  return character === " " || character === "\n" || character === "\r" || character === "\t";
}

/** `\"` in double quotes, `''` in single ones. */
function isEscape(character: string): boolean {
  return character === "\\" || character === "'";
}
