import type { Confirm, PermissionQuestion, QuestionGroup } from "../api/permissions.js";
import type { Terminal } from "./terminal.js";

/** How a person is asked on a terminal; undefined where there is none, since then nobody may be asked. */
export function askOn(terminal: Terminal): Confirm | undefined {
  return terminal.interactive ? (question) => confirmPermissions(question, terminal) : undefined;
}

const MAX_MISREAD = 3;
const MAX_ASKED = 20;

/** Shows all that is asked for, then goes through it group by group. The first no ends it: then nothing is granted. */
async function confirmPermissions(question: PermissionQuestion, terminal: Terminal): Promise<boolean> {
  const { title, groups, notes } = question;
  const shown = groups.flatMap(({ head, lines }, index) => [
    ...(groups.length > 1 ? [`(${index + 1}) ${head[0] ?? ""}`, ...head.slice(1)] : head),
    ...lines,
  ]);
  terminal.err(`${[title, ...shown, ...notes].join("\n")}\n`);
  for (const [index, group] of groups.entries()) {
    const which = groups.length > 1 ? `(${index + 1})` : "this";
    const answer = await askGroup(group, { question, terminal, which });
    if (answer === "no") return false;
    if (answer === "all") return true;
  }
  return true;
}

interface Asked {
  readonly question: PermissionQuestion;
  readonly terminal: Terminal;
  readonly which: string;
}

/** Nothing typed, the end of input and what nobody understands are a no. */
async function askGroup(
  group: QuestionGroup,
  { question, terminal, which }: Asked,
): Promise<"yes" | "no" | "all"> {
  let misread = 0;
  for (let asked = 0; asked < MAX_ASKED && misread < MAX_MISREAD; asked += 1) {
    const line = await terminal.ask(`Grant ${which} for this run? [y/n/all/details] `);
    // The end of input leaves the cursor behind the question.
    if (line === null) terminal.err("\n");
    const answer = (line ?? "").trim().toLowerCase();
    if (answer === "" || answer === "n" || answer === "no") return "no";
    if (answer === "y" || answer === "yes") return "yes";
    if (answer === "a" || answer === "all") return "all";
    if (answer === "d" || answer === "details") {
      terminal.err(`${[...group.details, ...describeSteps(question)].join("\n")}\n`);
    } else {
      misread += 1;
      terminal.err(
        "y: grant this; n: grant nothing; all: grant this and what follows; details: the commands\n",
      );
    }
  }
  return "no";
}

function describeSteps({ steps }: PermissionQuestion): string[] {
  return steps.length === 0 ? [] : ["this run's steps:", ...steps.map((step) => `  ${step}`)];
}
