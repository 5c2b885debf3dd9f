import { checkRun, jsonTextOf, runOnNode, SNAPSHOT_LOOK_MS, takeSnapshot } from "../cluster/index.js";
import type { Argv, ExecResult } from "../model/access.js";
import type { NetnsRef } from "../model/cluster.js";
import type { GuardedAccess } from "../model/guarded-access.js";

interface LooksAt {
  readonly access: GuardedAccess;
  readonly netns: NetnsRef;
  readonly signal?: AbortSignal | undefined;
}

/** As a shell has it of what is not there, and of what cannot be run. */
const NOT_RUN = /^12[67]$/;

/**
 * What is read in one network namespace. What was taken beforehand, in one round trip, is answered from that; anything
 * else is asked by a command of its own.
 */
export class Looks {
  readonly #taken: ReadonlyMap<string, ExecResult>;

  constructor(
    readonly at: LooksAt,
    taken: readonly (readonly [Argv, ExecResult])[] = [],
  ) {
    this.#taken = new Map(taken.map(([argv, result]) => [JSON.stringify(argv), result]));
  }

  /** Takes these in one round trip. Rejects as `exec` does. */
  static async take(at: LooksAt, commands: readonly Argv[]): Promise<Looks> {
    const { access, signal } = at;
    const options = { action: actionOf(at), netnsPath: netnsPathOf(at), signal };
    const results = await takeSnapshot(access, commands, options);
    // A pod's image may have no shell, and the programs all the same.
    const isAlone =
      at.netns.kind === "own" && results.every(({ exitCode }) => NOT_RUN.test(String(exitCode)));
    if (isAlone) return new Looks(at);
    return new Looks(
      at,
      results.map((result, index) => [commands[index] as Argv, result] as const),
    );
  }

  /** Throws as `runOnNode` does. */
  async run(argv: Argv, doing: string): Promise<ExecResult> {
    const { access, signal } = this.at;
    const taken = this.#taken.get(JSON.stringify(argv));
    const { node } = access;
    if (taken !== undefined) return checkRun(taken, { node, doing, timeoutMs: SNAPSHOT_LOOK_MS });
    const path = netnsPathOf(this.at);
    const words: Argv = path === null ? argv : ["nsenter", `--net=${path}`, ...argv];
    return runOnNode(access, words, { action: actionOf(this.at), doing, signal });
  }

  /** stdout, which is JSON of unknown shape. Throws as `jsonTextOf` does. */
  async json(argv: Argv, doing: string): Promise<string> {
    return jsonTextOf(await this.run(argv, doing), this.at.access.node, doing);
  }
}

function netnsPathOf({ netns }: LooksAt): string | null {
  return netns.kind === "path" ? netns.path : null;
}

function actionOf({ netns }: LooksAt): string {
  return netns.kind === "host" ? "node/read" : "netns/read";
}
