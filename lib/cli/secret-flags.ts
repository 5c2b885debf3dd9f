import { readFileSync, statSync } from "node:fs";
import { Option, type Command } from "commander";
import { HopbookError } from "../errors.js";
import { unreadable } from "../files/failure.js";

/**
 * Inputs with secrets. What is typed on a command line is seen by everybody on the machine and kept in the shell's
 * history, so such an input comes from a file or the environment, and from nowhere else.
 */

const MAX_SECRET_BYTES = 64 * 1024;

/** `taken`: flags that inputs of the runbook have already. */
export function secretOptions(
  flag: string,
  { text, taken }: { readonly text: string; readonly taken: ReadonlySet<string> },
): Option[] {
  const options = [
    new Option(`--${flag}-file <PATH>`, `${text} (secret: its only line; - is stdin)`),
    new Option(`--${flag}-env <NAME>`, `${text} (secret: from this environment variable)`),
    // Known, so that who types it is told why not.
    new Option(`--${flag} <TEXT>`).hideHelp(),
  ];
  return options.filter(({ long }) => long === `--${flag}` || !taken.has(long ?? ""));
}

/** The secret's value; undefined where none of its flags was given. `others`: the runbook's inputs, whose flags are theirs. */
export function readSecretFlag(
  command: Command,
  name: string,
  { flag, others }: { readonly flag: string; readonly others: readonly string[] },
): string | undefined {
  const optionOf = (suffix: string): string | undefined => {
    const key = `${name}${suffix}`;
    if (suffix !== "" && others.includes(key)) return undefined;
    const value: unknown =
      command.getOptionValueSource(key) === "cli" ? command.getOptionValue(key) : undefined;
    return typeof value === "string" ? value : undefined;
  };
  if (optionOf("") !== undefined) {
    throw new HopbookError(
      "USAGE",
      `Cannot take ${name} from the command line: it is a secret, and everybody on this machine sees command lines`,
      { hint: `Give it as --${flag}-file PATH (- is stdin) or --${flag}-env NAME` },
    );
  }
  const file = optionOf("File");
  const variable = optionOf("Env");
  if (file !== undefined && variable !== undefined) {
    throw new HopbookError("USAGE", `Cannot read ${name}: it is given twice`, {
      hint: `Give one of --${flag}-file and --${flag}-env`,
    });
  }
  if (file !== undefined) return readSecretFile(file, name);
  if (variable === undefined) return undefined;
  const value = process.env[variable];
  if (value !== undefined && value !== "") return value;
  throw new HopbookError("USAGE", `Cannot read ${name}: the environment variable ${variable} is not set`, {
    hint: `Set it, or give --${flag}-file PATH`,
  });
}

function readSecretFile(file: string, name: string): string {
  let text: string;
  try {
    // A pipe is fine (<(pass show token)); a file of any size is not.
    if (file !== "-" && statSync(file).size > MAX_SECRET_BYTES) throw new Error("it is larger than 64 KiB");
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw unreadable(file, error, { what: `${name} from` });
  }
  return text.replace(/\r?\n$/, "");
}
