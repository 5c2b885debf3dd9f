// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/gu;
const UNSEEN =
  /[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udfff]/gu;

/**
 * Text with everything that a terminal would obey, or that a person cannot see, written out: C0 and C1
 * controls (newlines too), zero-width and bidirectional characters, line separators, lone surrogates.
 */
export function visible(text: string): string {
  return text
    .replace(CONTROLS, (found) => `\\x${hex(found, 2)}`)
    .replace(UNSEEN, (found) => `\\u${hex(found, 4)}`);
}

/** The same of a block of lines: line ends stay. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

function hex(character: string, width: number): string {
  return character.charCodeAt(0).toString(16).padStart(width, "0");
}
