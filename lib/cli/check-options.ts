import type { Command } from "commander";
import { HopbookError } from "../errors.js";
import { visible } from "../model/visible.js";

/**
 * What commander takes in silence: of an option that takes one value it keeps the last one, and `--out -` would be a
 * folder of that name.
 */
export function checkOptions(command: Command): void {
  for (const option of command.options) {
    const takesOne = (option.required || option.optional) && !option.variadic;
    const collects = option.parseArg !== undefined && option.argChoices === undefined;
    if (!takesOne || collects) continue;
    let known: string | undefined;
    command.on(`option:${option.name()}`, (value: string) => {
      if (known !== undefined && known !== value) {
        const flag = option.long ?? option.flags;
        throw new HopbookError(
          "USAGE",
          `Cannot take ${flag} twice: once with ${visible(known)}, once with ${visible(value)}`,
          { hint: `${flag} takes one value: leave one of them out` },
        );
      }
      known = value;
      if (option.long !== "--out" || value !== "-") return;
      throw new HopbookError(
        "USAGE",
        "Cannot write to -: --out takes a path, and nothing is written to stdout",
        {
          hint: "-o json prints the result there; a file or folder of that name is ./-",
        },
      );
    });
  }
  for (const inner of command.commands) checkOptions(inner);
}
