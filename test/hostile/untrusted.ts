import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../lib/errors.js";
import { hopbook } from "../cli/helpers.js";

/** Reads one untrusted input, for bounded.test.ts, and prints as JSON what it came to and what it cost. */

const HEAD = "apiVersion: hopbook.dev/v1\nkind: Runbook\nmetadata: {name: many}\n";

async function checkText(folder: string, text: string): Promise<string> {
  const file = join(folder, "many.yaml");
  writeFileSync(file, text);
  const { code, out, err } = await hopbook(["check", file]);
  return `${code} ${out}${err}`;
}

const times = (count: number, of: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => of(index)).join(",");

const INPUTS: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  "aliases of one long list": (folder) =>
    checkText(
      folder,
      `${HEAD}labels: &l [${times(60_000, () => "x")}]\nsteps: [${times(100, () => "*l")}]\n`,
    ),
  "aliases without number": (folder) =>
    checkText(folder, `${HEAD}labels: &l x\nsteps: [${times(60_000, () => "*l")}]\n`),
  "anchors without number": (folder) =>
    checkText(folder, `${HEAD}steps: [${times(60_000, (index) => `&a${index} x`)}]\n`),
};

const [name = "", folder = ""] = process.argv.slice(2);
const startedMs = Date.now();
let result: string;
try {
  result = (await INPUTS[name]?.(folder)) ?? "no such input";
} catch (error) {
  result = messageOf(error);
}
const cost = { tookMs: Date.now() - startedMs, rssMiB: Math.round(process.resourceUsage().maxRSS / 1024) };
process.stdout.write(JSON.stringify({ result: result.slice(0, 2000), ...cost }));
