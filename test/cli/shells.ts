import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A `hopbook` that completes like the real one and tells what else it was called with. */
export function writeStub(dir: string, bin: string): void {
  const file = join(dir, "hopbook");
  writeFileSync(
    file,
    `#!/bin/sh
case $1 in
  __complete | completion) exec "${process.execPath}" "${bin}" "$@" ;;
esac
printf 'RAN'; printf '<%s>' "$@"; printf '.\\n'
`,
  );
  chmodSync(file, 0o755);
}

/**
 * What an interactive shell on a terminal shows when keys are pressed: each of `keys` is typed when what was shown
 * so far has the text `after`. Ends when `until` was shown, or throws after 60 s.
 */
export async function pressKeys(
  shell: string,
  options: {
    readonly env: NodeJS.ProcessEnv;
    readonly cwd: string;
    readonly keys: readonly { readonly after: RegExp; readonly type: string }[];
    readonly until: RegExp;
  },
): Promise<string> {
  const child = spawn("script", ["-qefc", shell, "/dev/null"], {
    cwd: options.cwd,
    env: { ...options.env, TERM: "dumb", COLUMNS: "200", LINES: "50" },
  });
  let shown = "";
  let from = 0;
  const queue = [...options.keys];
  try {
    return await new Promise<string>((resolve, reject) => {
      const deadline = setTimeout(
        () => reject(new Error(`nothing more came: ${JSON.stringify(shown)}`)),
        60_000,
      );
      const look = (): void => {
        const next = queue[0];
        if (next !== undefined && next.after.test(shown.slice(from))) {
          queue.shift();
          from = shown.length;
          child.stdin.write(next.type);
        } else if (next === undefined && options.until.test(shown.slice(from))) {
          clearTimeout(deadline);
          resolve(shown);
        }
      };
      child.stdout.on("data", (chunk: Buffer) => {
        shown += chunk.toString("utf8");
        look();
      });
      child.once("error", reject);
    });
  } finally {
    // It writes its history to a home that is removed after the test: wait for its end.
    const closed = once(child, "close");
    child.stdin.end();
    child.kill("SIGHUP");
    const forced = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await closed;
    clearTimeout(forced);
  }
}
