/**
 * The YAML parser recurses, and a V8 whose stack runs out inside a regular expression aborts the process:
 * no exception to catch. So depth is bounded before parsing, by what the text could at worst mean.
 */
const MAX_OPEN_BRACKETS = 200;
const MAX_INDENT = 200;
const MAX_INDICATORS_A_LINE = 50;

/** Offset of the place where a text may nest too deeply to be parsed; undefined where it can't. */
export function findRunawayDepth(text: string): number | undefined {
  let open = 0;
  let column = 0;
  let indicators = 0;
  let atLineStart = true;
  for (let offset = 0; offset < text.length; offset++) {
    const character = text.charCodeAt(offset);
    column++;
    if (character === LF || character === CR) {
      column = 0;
      indicators = 0;
      atLineStart = true;
    } else if (isIndicator(character) && isBlank(text.charCodeAt(offset + 1)) && atLineStart) {
      // `- - - x`: a level of nesting each.
      if (++indicators > MAX_INDICATORS_A_LINE) return offset;
    } else if (!isBlank(character)) {
      if (atLineStart && column > MAX_INDENT && open === 0) return offset;
      atLineStart = false;
      if (character === OPEN_LIST || character === OPEN_MAP) open++;
      else if (character === CLOSE_LIST || character === CLOSE_MAP) open = Math.max(0, open - 1);
      if (open > MAX_OPEN_BRACKETS) return offset;
    }
  }
  return undefined;
}

const LF = 10;
const CR = 13;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_MAP = 123;
const CLOSE_MAP = 125;

function isIndicator(character: number): boolean {
  return character === 45 || character === 63 || character === 58;
}

/** Space, tab, a line's end or the text's (NaN). */
function isBlank(character: number): boolean {
  return (
    character === 32 || character === 9 || character === LF || character === CR || Number.isNaN(character)
  );
}
