import type { Command } from "commander";
import type { CommandIo } from "../io.js";

/** schema: for editors that want a file. */
export function addSchemaCommand(program: Command, io: CommandIo): void {
  program
    .command("schema")
    .description("the JSON Schema of a kind of file, for editors and validators")
    .argument("[schema]", "its name; without one: the names there are")
    .action(async (name: string | undefined) => {
      const { listSchemas, readSchemaText } = await import("../../api/schemas.js");
      if (name !== undefined) io.terminal.out(await readSchemaText(name));
      else io.terminal.out((await listSchemas()).map((known) => `${known}\n`).join(""));
    });
}
