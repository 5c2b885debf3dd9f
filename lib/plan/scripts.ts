import type { Argv } from "../model/access.js";
import { visible } from "../model/visible.js";
import { sha256 } from "./plan.js";

/** The constant scripts of a plan by name: two texts never share one. */
export class Scripts {
  readonly #names = new Map<string, string>();

  get all(): readonly (readonly [name: string, text: string])[] {
    return [...this.#names].map(([text, name]) => [name, text] as const);
  }

  collect(argv: Argv): void {
    argv.forEach((word, index) => {
      if (isScript(argv, index)) this.#name(word, argv[index + 1] ?? "script");
    });
  }

  /** The argv as JSON words where they need quotes; scripts by the name that stands in their `$0`. */
  render(argv: Argv): string {
    return argv
      .map((word, index) => {
        if (isScript(argv, index))
          return `<script ${visible(this.#name(word, argv[index + 1] ?? "script"))}>`;
        return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : visible(JSON.stringify(word));
      })
      .join(" ");
  }

  #name(text: string, wanted: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const taken = new Set(this.#names.values());
    let name = wanted;
    for (let count = 2; taken.has(name); count += 1) name = `${wanted} (${count})`;
    this.#names.set(text, name);
    return name;
  }
}

/** Only what a shell is given as its program is a script; a value with a line break is shown as it is. */
function isScript(argv: Argv, index: number): boolean {
  return argv[index - 1] === "-c" && /^(ba)?sh$/.test(argv[index - 2] ?? "");
}

/** Each script once: its name and digest, with `full` its text. */
export function renderScripts(scripts: Scripts, full: boolean): string[] {
  if (scripts.all.length === 0) return [];
  const lines = ["", "scripts (constant; values only by position):"];
  for (const [name, text] of scripts.all) {
    const count = text.trimEnd().split("\n").length;
    lines.push(`  ${visible(name)}  sha256:${sha256(text)}  ${count} ${count === 1 ? "line" : "lines"}`);
    if (full) lines.push(...text.trimEnd().split("\n").map(renderLine));
  }
  return lines;
}

function renderLine(line: string): string {
  return `    ${visible(line.replaceAll("\t", "  "))}`;
}
