import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const CAPTURES = fileURLToPath(new URL("../../fixtures/captures/", import.meta.url));
const BLOCK = 512;

/** Unpacks a set that test/lab/captures/make.ts made; gives what its rules counted. */
export function unpackSet(name: string, dir: string): Readonly<Record<string, number>> {
  mkdirSync(dir, { recursive: true });
  const tar = gunzipSync(readFileSync(join(CAPTURES, `${name}.tgz`)));
  let truth: Readonly<Record<string, number>> = {};
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const file = basename(tar.toString("latin1", at, at + 100).replace(/\0.*$/s, ""));
    const bytes = Number.parseInt(tar.toString("latin1", at + 124, at + 136), 8);
    const content = tar.subarray(at + BLOCK, at + BLOCK + bytes);
    if (file === "truth.json") truth = JSON.parse(content.toString()) as typeof truth;
    else if (bytes > 0) writeFileSync(join(dir, file), content);
    at += BLOCK * (1 + Math.ceil(bytes / BLOCK));
  }
  return truth;
}
