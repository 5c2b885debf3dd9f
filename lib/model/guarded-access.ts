import type { LocalFile } from "./local-file.js";
import type {
  Argv,
  ExecOptions,
  ExecResult,
  NodeAccess,
  NodeStream,
  PullResult,
  StreamOptions,
  Via,
} from "./access.js";

/** What goes over a way in. */
type Calls = Pick<NodeAccess, "node" | "via" | "exec" | "stream" | "pull" | "close">;

/**
 * A way onto a node behind the permission guard: every command was checked before it ran. Nothing else has this type,
 * neither an object of the same shape nor a copy with another method in it, and only the guard makes one.
 */
export class GuardedAccess implements NodeAccess {
  readonly node: string;
  readonly via: Via;
  readonly #calls: Calls;

  private constructor(calls: Calls) {
    this.node = calls.node;
    this.via = calls.via;
    this.#calls = calls;
    Object.freeze(this);
  }

  /** For lib/permissions/guard.ts alone: `calls` are trusted to be checked. */
  static ofGuard(calls: Calls): GuardedAccess {
    return new GuardedAccess(calls);
  }

  exec(argv: Argv, options: ExecOptions): Promise<ExecResult> {
    return this.#calls.exec(argv, options);
  }

  stream(argv: Argv, options: StreamOptions): NodeStream {
    return this.#calls.stream(argv, options);
  }

  pull(remotePath: string, localPath: LocalFile, options: ExecOptions): Promise<PullResult> {
    return this.#calls.pull(remotePath, localPath, options);
  }

  close(): Promise<void> {
    return this.#calls.close();
  }

  /** The same way in with somebody beside it, who sees each call and may refuse it, but cannot make it another one. */
  beside(observer: AccessObserver): GuardedAccess {
    const { node, via } = this;
    return new GuardedAccess({
      node,
      via,
      exec: (argv, options) => {
        const run = (): Promise<ExecResult> => this.exec(argv, options);
        return observer.exec === undefined ? run() : observer.exec(argv, options, run);
      },
      stream: (argv, options) => {
        const run = (): NodeStream => this.stream(argv, options);
        return observer.stream === undefined ? run() : observer.stream(argv, options, run);
      },
      pull: (remotePath, localPath, options) => {
        const run = (): Promise<PullResult> => this.#calls.pull(remotePath, localPath, options);
        return observer.pull === undefined ? run() : observer.pull({ remotePath, localPath }, options, run);
      },
      close: () => this.close(),
    });
  }
}

Object.freeze(GuardedAccess.prototype);

/** Who stands beside a guarded way in: `run` makes the call as it was asked for. A method that is absent lets all pass. */
interface AccessObserver {
  exec?(argv: Argv, options: ExecOptions, run: () => Promise<ExecResult>): Promise<ExecResult>;
  stream?(argv: Argv, options: StreamOptions, run: () => NodeStream): NodeStream;
  pull?(
    paths: { readonly remotePath: string; readonly localPath: string },
    options: ExecOptions,
    run: () => Promise<PullResult>,
  ): Promise<PullResult>;
}
