import { fitColumns, measureColumns } from "../text/columns.js";

interface Stream {
  write(text: string): unknown;
  readonly columns?: number;
}

const ERASE = "\r\u001b[K";
/** Goes up a line and erases it. */
const ABOVE = "\u001b[1A\u001b[K";

/** Lines at the end of what a terminal shows, which go before anything else is written. */
export class LiveLine {
  #shown = 0;

  constructor(readonly stream: Stream) {}

  /** In place of the one before; "": none. The text must be visible() already. */
  show(text: string): void {
    const columns = (this.stream.columns ?? 80) - 1;
    const lines = text === "" ? [] : text.split("\n");
    const cut = lines.map((line) => (measureColumns(line) > columns ? fitColumns(line, columns) : line));
    const erase = this.#shown === 0 ? ERASE : `${ERASE}${ABOVE.repeat(this.#shown - 1)}`;
    if (cut.length > 0 || this.#shown > 0) this.stream.write(`${erase}${cut.join("\n")}`);
    this.#shown = cut.length;
  }

  /** Before anything else is written. */
  erase(): void {
    this.show("");
  }
}
