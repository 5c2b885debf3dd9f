import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { HopbookError } from "../errors.js";

/** What Deno's own package of binaries is called for a platform; undefined where there is none. */
export function denoPackageFor(platform: string, arch: string): string | undefined {
  const machine = arch === "x64" || arch === "arm64" ? arch : undefined;
  if (machine === undefined) return undefined;
  if (platform === "linux") return `@deno/linux-${machine}-glibc`;
  if (platform === "darwin") return `@deno/darwin-${machine}`;
  return undefined;
}

/** Finds a package's folder as Node would, seen from a file; undefined where it is not installed. */
type ResolvePackage = (name: string, from: string) => string | undefined;

/**
 * The path of the deno binary. It comes as an optional package beside the package `deno`, whose install script is
 * not needed for it. Throws TOOL_MISSING with what to do.
 */
export function findDeno(
  platform: string = process.platform,
  arch: string = process.arch,
  resolve: ResolvePackage = resolvePackage,
): string {
  const name = denoPackageFor(platform, arch);
  if (name === undefined) {
    throw missing(
      `there is no deno for ${platform} on ${arch}`,
      "Run it on Linux (glibc) or macOS, x64 or arm64",
    );
  }
  const deno = resolve("deno", import.meta.url);
  const binaries = deno === undefined ? undefined : resolve(name, join(deno, "package.json"));
  if (binaries !== undefined) return join(binaries, "deno");
  throw missing(
    deno === undefined ? "the package deno is not installed" : `the package ${name} is not installed`,
    "Install it beside hopbook, with optional packages: npm install --include=optional deno",
  );
}

function resolvePackage(name: string, from: string): string | undefined {
  try {
    return dirname(createRequire(from).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

function missing(why: string, hint: string): HopbookError {
  return new HopbookError("TOOL_MISSING", `Cannot run a script: its sandbox is deno, and ${why}`, { hint });
}
