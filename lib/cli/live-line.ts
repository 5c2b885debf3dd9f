import { fitColumns, measureColumns } from "../text/columns.js";

interface Stream {
  write(text: string): unknown;
  readonly columns?: number;
}

const ERASE = "\r\u001b[K";

/** One line at the end of what a terminal shows, which goes before anything else is written. */
export class LiveLine {
  #isShown = false;

  constructor(readonly stream: Stream) {}

  /** In place of the one before; "": none. The text must be visible() already. */
  show(text: string): void {
    const columns = (this.stream.columns ?? 80) - 1;
    const cut = measureColumns(text) > columns ? fitColumns(text, columns) : text;
    if (cut !== "" || this.#isShown) this.stream.write(`${ERASE}${cut}`);
    this.#isShown = cut !== "";
  }

  /** Before anything else is written. */
  erase(): void {
    this.show("");
  }
}
