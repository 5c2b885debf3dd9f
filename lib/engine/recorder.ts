import type { Argv, ExecResult, NodeAccess, NodeStream, PullResult } from "../model/access.js";
import type { CommandEntry } from "../model/transcript.js";
import { messageOf } from "../errors.js";

/** Wraps a way onto a node so that every command of it is recorded, those that fail included. */
export function recordAccess(access: NodeAccess, record: (entry: CommandEntry) => void): NodeAccess {
  const start = (action: string, argv: Argv): ((rest: Partial<CommandEntry>) => void) => {
    const startedMs = Date.now();
    const at = new Date(startedMs).toISOString();
    return (rest) =>
      record({
        ...UNKNOWN,
        ...rest,
        at,
        node: access.node,
        action,
        argv,
        durationMs: Date.now() - startedMs,
      });
  };
  return {
    node: access.node,
    via: access.via,
    async exec(argv, options): Promise<ExecResult> {
      const finish = start(options.action, argv);
      try {
        const result = await access.exec(argv, options);
        const { exitCode, signal, timedOut, canceled, truncated, stdout, stderr } = result;
        const sizes = { stdoutBytes: stdout.length, stderrBytes: stderr.length };
        const stderrTail = exitCode === 0 ? "" : tail(stderr.toString("utf8"));
        finish({ exitCode, signal, timedOut, canceled, truncated, ...sizes, stderrTail });
        return result;
      } catch (error) {
        finish({ stderrTail: messageOf(error) });
        throw error;
      }
    },
    stream(argv, options): NodeStream {
      const finish = start(options.action, argv);
      const stream = access.stream(argv, options);
      void stream.done.then(({ exitCode, signal }) => {
        const stderr = stream.stderrText();
        finish({
          exitCode,
          signal,
          stderrBytes: stderr.length,
          stderrTail: exitCode === 0 ? "" : tail(stderr),
        });
      });
      return stream;
    },
    async pull(remotePath, localPath, options): Promise<PullResult> {
      const finish = start(options.action, ["cat", "--", remotePath]);
      try {
        const result = await access.pull(remotePath, localPath, options);
        finish({ exitCode: 0, stdoutBytes: result.bytes });
        return result;
      } catch (error) {
        finish({ stderrTail: messageOf(error) });
        throw error;
      }
    },
    close: () => access.close(),
  };
}

const UNKNOWN = {
  type: "command",
  exitCode: null,
  signal: null,
  timedOut: false,
  canceled: false,
  truncated: false,
  stdoutBytes: 0,
  stderrBytes: 0,
  stderrTail: "",
} as const;

function tail(text: string): string {
  return text.trimEnd().split("\n").slice(-8).join("\n").slice(-2000);
}
