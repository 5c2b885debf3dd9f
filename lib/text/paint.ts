import { styleText } from "node:util";

/** `red`, `bold`, or several. */
export type Style = Parameters<typeof styleText>[0];

type Paint = (style: Style, text: string) => string;

/** Whether there is colour was settled where the terminal was looked at; what is painted is visible() already. */
export function makePaint(color: boolean): Paint {
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}
