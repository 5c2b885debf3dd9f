import t from "tap";
import type { Command } from "commander";
import { makeProgram } from "../../lib/cli/main.js";
import * as hopbook from "../../lib/index.js";

/** What does the work of each command; a program does the same with it. */
const FUNCTIONS: Readonly<Record<string, readonly (keyof typeof hopbook)[]>> = {
  run: ["runRunbook", "runPlan", "detachRunbook", "reportText"],
  runs: ["listRuns"],
  status: ["describeOneRun"],
  collect: ["collectRun"],
  stop: ["stopRun"],
  plan: ["planRunbook", "renderPlan"],
  hops: [
    "discoverHops",
    "discoverAttachments",
    "reportPath",
    "reportAttachments",
    "auditHops",
    "reportAudit",
  ],
  analyze: ["analyzeRunFolder", "analyzePcapFiles", "analyzeBundle", "isRunFolder", "exitCodeOfFindings"],
  report: ["renderReport"],
  replay: ["replayRun"],
  reap: ["reap"],
  doctor: ["runDoctor"],
  list: ["listCatalogue"],
  suggest: ["suggestRunbooks"],
  show: ["describeRunbook", "resolveNamedRunbook"],
  check: ["checkFiles", "reportSarif"],
  init: ["initFolder"],
  new: ["newRunbook"],
  test: ["runRunbookTests", "renderTests"],
  demo: ["upLab", "runRunbook", "setFault", "downLab"],
  "lab up": ["upLab"],
  "lab down": ["downLab"],
  "lab status": ["listLabs", "statusLab"],
  "lab faults": ["listFaults"],
  "lab fault": ["setFault"],
  share: ["shareRun", "verifyArchive", "reveal"],
  schema: ["listSchemas", "readSchemaText"],
};
/** Of use to a shell, or to Wireshark, alone. */
const OTHERS_ONLY = ["completion", "extcap"];

function* leaves(command: Command, path = ""): Generator<{ name: string; command: Command }> {
  for (const child of command.commands) {
    const name = `${path} ${child.name()}`.trim();
    if (child.commands.length === 0) yield { name, command: child };
    yield* leaves(child, name);
  }
}

const terminal = { out: () => undefined, err: () => undefined, ask: () => Promise.resolve(null) };
const program = makeProgram({
  terminal: { ...terminal, color: false, unicode: true, width: 100, interactive: false },
  words: [],
  setExitCode: () => undefined,
});

t.test("everything that the command line does, the library does", async (t) => {
  const commands = [...leaves(program)].map(({ name }) => name).filter((name) => !OTHERS_ONLY.includes(name));
  t.strictSame(commands.sort(), Object.keys(FUNCTIONS).sort());
  for (const [name, functions] of Object.entries(FUNCTIONS)) {
    for (const one of functions) t.type(hopbook[one], "function", `${name}: ${one}`);
  }
});

t.test("every command has its heading in the help, and says what each option and argument is", async (t) => {
  for (const command of program.commands) t.not(command.helpGroup(), "More:", command.name());
  for (const { name, command } of leaves(program)) {
    t.ok(command.description(), name);
    for (const option of command.options) t.ok(option.description, `${name} ${option.flags}`);
    for (const argument of command.registeredArguments)
      t.ok(argument.description, `${name} ${argument.name()}`);
  }
});
