import { messageOf } from "../errors.js";
import type { Argv, NodeStream, StreamEnd } from "../model/access.js";

interface DeferredStream {
  readonly node: string;
  readonly argv: Argv;
  readonly open: () => Promise<NodeStream>;
}

/** A stream of a way in that is still being opened: what is written until then waits. */
export function deferStream({ node, argv, open }: DeferredStream): NodeStream {
  let inner: NodeStream | undefined;
  let failure = "";
  let stopped = false;
  const early: string[] = [];
  let isEnded = false;
  const opened = open().then(
    (stream) => {
      inner = stream;
      for (const text of early.splice(0)) stream.write(text);
      if (isEnded) stream.end();
      if (stopped) void stream.kill();
      return stream;
    },
    (error: unknown) => {
      failure = `${messageOf(error)}\n`;
      return null;
    },
  );
  const done = opened.then(
    (stream): StreamEnd | Promise<StreamEnd> =>
      stream?.done ?? { exitCode: null, signal: null, transportLost: !stopped },
  );
  async function* read(): AsyncGenerator<string> {
    const stream = await opened;
    if (stream !== null) yield* stream.stdoutLines;
  }
  return {
    node,
    argv,
    write(text) {
      if (inner !== undefined) inner.write(text);
      else if (!isEnded) early.push(text);
    },
    end() {
      isEnded = true;
      inner?.end();
    },
    stdoutLines: read(),
    stderrText: () => inner?.stderrText() ?? failure,
    done,
    kill() {
      stopped = true;
      void inner?.kill();
      return done;
    },
  };
}
