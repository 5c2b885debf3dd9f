import type { CommanderError } from "commander";
import { HopbookError } from "../errors.js";

/** What commander found wrong with the words of a command line, as an error of ours. `near` are runbooks that may be meant. */
export function fromCommander(
  error: CommanderError,
  argv: readonly string[],
  near: readonly string[],
): HopbookError {
  if (error.code === "commander.help") {
    return new HopbookError("USAGE", `Cannot tell what to do: hopbook ${argv.join(" ")} wants a command`, {
      hint: "The commands stand above",
    });
  }
  const [first = "", second] = error.message.split("\n");
  const message = `Cannot read the command line: ${first.replace(/^error: /, "").replace(/\.$/, "")}`;
  const suggestion =
    near.length > 0
      ? `Did you mean ${near.join(" or ")}?`
      : /^\((Did you mean .+\?)\)$/.exec(second ?? "")?.[1];
  const isPlanned = argv[0] === "run" && argv.some((one) => one === "--plan" || one.startsWith("--plan="));
  const hint = isPlanned
    ? "A plan has its runbook and inputs in it: hopbook run --plan FILE takes neither"
    : (suggestion ?? hintFor(error, argv));
  return new HopbookError("USAGE", message, { hint });
}

function hintFor(error: CommanderError, argv: readonly string[]): string {
  const [command = "", word = ""] = argv;
  if (error.code === "commander.unknownCommand")
    return "hopbook --help lists the commands, hopbook list the runbooks";
  const takesRunbook = command === "run" || command === "plan";
  if (takesRunbook && word.startsWith("-")) {
    return `The runbook's name comes before its options: hopbook ${command} trace-path ${word} …`;
  }
  if (takesRunbook) return `hopbook ${command} ${word} --help lists the options`;
  return `hopbook ${command === "lab" && word !== "" ? `lab ${word}` : command} --help shows how it is used`;
}
