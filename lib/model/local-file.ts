declare const RESOLVED: unique symbol;

/**
 * The absolute path of a file of this machine that may be written: resolved below a folder of ours, by the one place
 * that makes such paths (lib/artifacts/names.ts). A name that a node, a recording or a runbook chose is none.
 */
export type LocalFile = string & { readonly [RESOLVED]: true };
