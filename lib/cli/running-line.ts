import { formatDuration } from "../model/units.js";
import { visible } from "../model/visible.js";
import type { Terminal } from "./terminal.js";

const EVERY_MS = 1000;

/** On a terminal, what goes on at the moment and for how long: `  … Watch, for 4 s`. Elsewhere nothing. */
export class RunningLine {
  readonly #live: Terminal["live"];
  readonly #mark: string;
  /** Since when, by step; the one that began first is shown. */
  readonly #since = new Map<string, { readonly title: string; readonly atMs: number }>();
  #ticker: NodeJS.Timeout | null = null;

  constructor(
    { live, unicode }: Pick<Terminal, "live" | "unicode">,
    /** What else is to be seen of what goes on, in lines of their own. */
    readonly more: () => readonly string[] = () => [],
  ) {
    this.#live = live;
    this.#mark = unicode ? "…" : "...";
  }

  begin(key: string, title: string): void {
    this.#since.set(key, { title, atMs: Date.now() });
    if (this.#live === undefined || this.#ticker !== null) return;
    this.#ticker = setInterval(() => {
      this.#show();
    }, EVERY_MS);
    this.#ticker.unref();
  }

  end(key: string): void {
    this.#since.delete(key);
    if (this.#since.size > 0 || this.#ticker === null) return;
    clearInterval(this.#ticker);
    this.#ticker = null;
    this.#live?.("");
  }

  #show(): void {
    const [first] = this.#since.values();
    if (first === undefined) return;
    const seconds = Math.round((Date.now() - first.atMs) / 1000);
    const more = this.#since.size > 1 ? `, and ${this.#since.size - 1} more` : "";
    this.#live?.(
      `  ${this.#mark} ${visible(first.title)}, for ${formatDuration(seconds * 1000)}${more}${this.more()
        .map((text) => `\n    ${text}`)
        .join("")}`,
    );
  }
}
