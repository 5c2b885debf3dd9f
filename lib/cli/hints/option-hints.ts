import type { Command } from "commander";
import { MEANINGS, PLAN_WORDS } from "./option-words.js";

/**
 * What may be meant by an option that a command does not have, by its meaning; null: nobody knows.
 * `names` are those that it has, without dashes.
 */
function hintOption(flag: string, names: readonly string[]): string | null {
  const [word = ""] = flag.replace(/^--?/, "").toLowerCase().replaceAll("_", "-").split("=");
  // What is typed as another tool has it may be the same word in other letters: --serverName.
  const dashed = flag.replace(/^--?/, "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (names.includes(dashed)) return `Did you mean --${dashed}?`;
  if (names.includes("yes") && PLAN_WORDS.has(word))
    return "Did you mean hopbook plan, which changes nothing?";
  if (word === "port" && names.includes("to"))
    return "Did you mean the port of --to, as in --to shop/web:8080?";
  const lines = MEANINGS.filter((line) => line.includes(word));
  const meant = lines.flatMap((line) => line.find((one) => one !== word && names.includes(one)) ?? []);
  const shown = [...new Set(meant)].slice(0, 2).map((one) => `--${one}`);
  return shown.length === 0 ? null : `Did you mean ${shown.join(" or ")}?`;
}

/** What commander calls for an option that it does not know: it suggests what is spelled alike, or lets it pass. */
interface Refusing {
  unknownOption(flag: string): void;
  readonly _allowUnknownOption?: boolean;
}

/** Has a command, and those below it, tell what is meant; of what has no meaning here commander tells what is spelled alike. */
export function hintOptions(command: Command): void {
  const own = command as unknown as Refusing;
  const bySpelling = own.unknownOption.bind(command);
  const unknownOption = (flag: string): void => {
    const names = command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long?.slice(2) ?? []);
    const hint = own._allowUnknownOption === true ? null : hintOption(flag, names);
    if (hint === null) bySpelling(flag);
    else command.error(`error: unknown option '${flag}'\n(${hint})`, { code: "commander.unknownOption" });
  };
  Object.assign(command, { unknownOption });
  for (const inner of command.commands) hintOptions(inner);
}
