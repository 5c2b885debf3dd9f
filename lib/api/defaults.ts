import type { SharedOptions } from "../session/options.js";

type Common = Pick<SharedOptions, "cwd" | "grants" | "signal" | "onEvent"> & { readonly out: string };

/** Options of which a program may leave out the folders, the grants, the signal and who is told. */
export type Lenient<O> = Omit<O, keyof O & keyof Common> & Partial<Pick<O, keyof O & keyof Common>>;

/** Of what enters a cluster: nothing is granted beyond the profile. */
export const IN_CLUSTER = { grants: {} } as const;
/** Of what leaves a run folder. */
export const MAKES_FOLDER = { ...IN_CLUSTER, out: "artifacts" } as const;

/** The same function for programs: this process's folder, no interruption, nobody told of events, and `more`. */
export function withDefaults<O, R>(
  call: (options: O) => R,
  more: Partial<Pick<Common, "grants" | "out">> = {},
): (options: Lenient<O>) => R {
  return (options) => {
    const defaults = {
      cwd: process.cwd(),
      signal: new AbortController().signal,
      onEvent: () => undefined,
      ...more,
    };
    const given = Object.entries(options as object).filter(([, value]) => value !== undefined);
    return call({ ...defaults, ...Object.fromEntries(given) } as O);
  };
}
