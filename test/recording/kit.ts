import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type {
  Argv,
  ExecOptions,
  ExecResult,
  NodeAccess,
  NodeStream,
  StreamEnd,
} from "../../lib/model/access.js";
import { createRedactor } from "../../lib/artifacts/index.js";
import type { RecordingHeader } from "../../lib/recording/index.js";
import type { RecordingFolder } from "../../lib/recording/writer.js";

export const HEADER: RecordingHeader = {
  ...{ type: "recording", version: 1 },
  run: { id: "0123456789ab", runbook: "sample", startedAt: "2026-01-01T00:00:00.000Z" },
  cluster: {
    ...{ name: "c", cni: "auto", interfaces: {}, workDir: "/var/tmp" },
    nodes: [{ name: "n", via: "ssh" }],
  },
};

export function makeFolder(dir: string, secrets: readonly string[] = []): RecordingFolder {
  const redactor = createRedactor();
  redactor.add(secrets);
  return {
    dir,
    path(rel) {
      mkdirSync(dirname(join(dir, rel)), { recursive: true });
      return join(dir, rel);
    },
    redactText: (text) => redactor.redactText(text),
    redactBytes: (bytes) => redactor.redactBytes(bytes),
  };
}

type Answer = Partial<ExecResult> | Error;

/** A node that answers by a function, whose streams say back what they hear. */
export function makeNode(answer: (argv: Argv, options: ExecOptions) => Promise<Answer> | Answer): NodeAccess {
  return {
    node: "n",
    via: "ssh",
    async exec(argv, options) {
      const said = await answer(argv, options);
      if (said instanceof Error) throw said;
      const empty = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), exitCode: 0, signal: null };
      const flags = { timedOut: false, canceled: false, truncated: false, durationMs: 5 };
      return { node: "n", argv, ...empty, ...flags, startedAt: "2026-01-01T00:00:01.000Z", ...said };
    },
    stream: (argv) => makeEcho(argv),
    pull: () => Promise.reject(new Error("nothing to pull")),
    close: () => Promise.resolve(),
  };
}

/** Says `ready`, then `heard WORD` for each line that is written, and ends with exit code 7 at the end of its stdin. */
function makeEcho(argv: Argv): NodeStream {
  const lines = ["ready"];
  let wake: () => void = () => undefined;
  let isOver = false;
  let resolve: (end: StreamEnd) => void = () => undefined;
  const done = new Promise<StreamEnd>((settle) => (resolve = settle));
  const finish = (end: StreamEnd): void => {
    isOver = true;
    wake();
    resolve(end);
  };
  async function* read(): AsyncGenerator<string> {
    for (;;) {
      const line = lines.shift();
      if (line !== undefined) yield line;
      else if (isOver) return;
      else await new Promise<void>((settle) => (wake = settle));
    }
  }
  return {
    node: "n",
    argv,
    write(text) {
      if (text !== "beat\n") lines.push(`heard ${text.trim()}`);
      wake();
    },
    end: () => finish({ exitCode: 7, signal: null, transportLost: false }),
    stdoutLines: read(),
    stderrText: () => "some words",
    done,
    kill: () => {
      finish({ exitCode: null, signal: "SIGTERM", transportLost: false });
      return done;
    },
  };
}
