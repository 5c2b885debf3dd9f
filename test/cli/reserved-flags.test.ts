import t from "tap";
import { makeProgram } from "../../lib/cli/main.js";
import { makeRunbookCommand } from "../../lib/cli/runbook-command.js";
import { findFlagProblems } from "../../lib/runbook/reserved-flags.js";

const terminal = { out: () => undefined, err: () => undefined, ask: () => Promise.resolve(null) };
const how = { color: false, unicode: true, width: 100, interactive: false };

t.test("no input of a runbook can have the name of a flag that run and plan have", (t) => {
  const program = makeProgram({ terminal: { ...terminal, ...how }, words: [], setExitCode: () => undefined });
  const commands = [
    makeRunbookCommand("run", { name: "r", inputs: {} }),
    makeRunbookCommand("plan", { name: "r", inputs: {} }),
    program,
    ...program.commands.filter((command) => ["run", "plan"].includes(command.name())),
  ];
  const flags = new Set(commands.flatMap(({ options }) => options.flatMap(({ long }) => long ?? [])));
  t.ok(flags.size > 20);
  for (const flag of [...flags, "--help"]) {
    const input = flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    t.equal(findFlagProblems([input]).length, 1, flag);
  }
  t.end();
});
