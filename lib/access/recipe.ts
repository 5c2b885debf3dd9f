import type { Argv, StreamEnd, Via } from "../model/access.js";
import type { LocalProcess, ProcessEnd, ProcessOptions } from "../process/start.js";

export interface RemoteEnd extends Pick<StreamEnd, "exitCode" | "signal" | "transportLost"> {
  /** What the command itself wrote, where the way in adds words of its own. */
  readonly stderr: Buffer;
}

export interface RemoteRecipe {
  readonly node: string;
  readonly via: Via;
  /** Starts a command where this access leads; its end is read by `readEnd`. Rejects with a HopbookError. */
  start(argv: Argv, options: Omit<ProcessOptions, "env">): Promise<LocalProcess>;
  /** What was asked for, as it is started there: `nsenter … ARGV`. */
  wrap(argv: Argv): Argv;
  /** What an end says of the command; throws a HopbookError where it says that there was none. */
  readEnd(
    end: ProcessEnd,
    told: { readonly argv: Argv; readonly stderr: Buffer },
  ): RemoteEnd | Promise<RemoteEnd>;
  /** Takes away what was made for this access; called once. What could not be removed; never rejects. */
  dispose(): Promise<readonly string[] | void>;
  /** What was made for it, for the run folder: a sentence without a full stop. */
  readonly made?: string;
  /** Commands at a time; the others wait. Default 32. */
  readonly maxCommands?: number;
  /** Short commands go through one shell there (relay.ts), where there is one. Default true. */
  readonly hasRelay?: boolean;
}
