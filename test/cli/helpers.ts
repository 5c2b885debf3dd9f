import { main } from "../../lib/cli/main.js";
import type { Terminal } from "../../lib/cli/terminal.js";

export interface Spoken {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What was asked for at the prompt. */
  readonly asked: number;
}

/** The command as a person types it, on a terminal that is read here. `answers`: someone sits at it. */
export async function hopbook(
  argv: readonly string[],
  options: { answers?: readonly (string | null)[]; color?: boolean } = {},
): Promise<Spoken> {
  let out = "";
  let err = "";
  let asked = 0;
  const terminal: Terminal = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    color: options.color ?? false,
    unicode: true,
    width: 100,
    interactive: options.answers !== undefined,
    ask: (question) => {
      err += question;
      asked += 1;
      return Promise.resolve(options.answers?.[asked - 1] ?? null);
    },
  };
  const code = await main(argv, terminal);
  return { code, out, err, asked };
}

/** A cluster whose only node is a process that is long gone: to log in to it fails at once. */
export const GONE_CLUSTER = `apiVersion: hopbook.dev/v1
kind: ClusterProfile
metadata: {name: gone}
nodes:
  - name: node-a
    access: {via: local, pid: 4194304, startTimeTicks: 1}
`;

/** This machine by itself, for runs that run no command on it. */
export const HERE_CLUSTER = `apiVersion: hopbook.dev/v1
kind: ClusterProfile
metadata: {name: here}
nodes:
  - name: me
    access: {via: local}
`;
