/** Lines that are pushed, for one reader. */
interface LineFeed {
  push(lines: readonly string[]): void;
  close(): void;
  readonly lines: AsyncIterable<string>;
}

export function createLineFeed(): LineFeed {
  const waiting: (readonly string[])[] = [];
  let isClosed = false;
  let wake: () => void = () => undefined;
  async function* read(): AsyncGenerator<string> {
    for (;;) {
      const batch = waiting.shift();
      if (batch !== undefined) yield* batch;
      else if (isClosed) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return {
    push(lines) {
      waiting.push(lines);
      wake();
    },
    close() {
      isClosed = true;
      wake();
    },
    lines: read(),
  };
}
