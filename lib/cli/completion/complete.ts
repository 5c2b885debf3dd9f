import type { Command, Option } from "commander";
import type { Candidate, NamedCluster, Surroundings } from "../../api/completion.js";
import { expandRunbookName } from "../runbook-alias.js";
import { makeRunbookCommand } from "../runbook-command.js";
import type { InputFlag } from "../runbook-flags.js";
import { positionalSource, valueSource, type Source } from "./sources.js";

/** What may stand at the cursor, and what the shell itself has to add. */
interface Completion {
  readonly candidates: readonly Candidate[];
  /** files, dirs: the shell completes paths too. nospace: the word goes on after a candidate. */
  readonly also: "none" | "files" | "dirs" | "nospace";
}

const MAX_CANDIDATES = 1000;
/** Anything else in a word would need quotes, or could do something: it is not offered. */
const SAFE = /^[A-Za-z0-9_@%+=:,./-]+$/;
const RUNBOOK_VERBS = ["run", "plan"] as const;

/** The words behind `hopbook` up to the cursor, the last one being completed (it may be empty). */
export async function complete(
  program: Command,
  words: readonly string[],
  surroundings: Surroundings,
): Promise<Completion> {
  const before = await expandRunbookName(program, words.slice(0, -1), surroundings.cwd);
  const place = await readPlace(program, before, surroundings);
  const word = words.at(-1) ?? "";
  if (place.awaiting !== null)
    return completeValue(place, { option: place.awaiting, word, prefix: "" }, surroundings);
  const equals = word.indexOf("=");
  if (!place.onlyWords && word.startsWith("--") && equals > 0) {
    const option = findOption(place.command, word.slice(0, equals));
    if (option === undefined || !takesValue(option)) return NOTHING;
    const given = { option, word: word.slice(equals + 1), prefix: word.slice(0, equals + 1) };
    return completeValue(place, given, surroundings);
  }
  if (!place.onlyWords && word.startsWith("-")) return choose(suggestFlags(place), word);
  if (place.subcommandWanted) {
    const runbooks = place.command === program ? await suggestNames(surroundings) : [];
    return choose([...suggestCommands(place.command), ...runbooks], word);
  }
  const name = positionalAt(place);
  if (name === undefined) return choose(suggestFlags(place), word);
  const source = positionalSource(name);
  return completeFrom(source, { place, word, prefix: "" }, surroundings);
}

const NOTHING: Completion = { candidates: [], also: "none" };

/** Where in the command line the cursor stands. */
interface Place {
  readonly command: Command;
  readonly positionals: readonly string[];
  readonly given: ReadonlySet<string>;
  /** The option whose value the next word is. */
  readonly awaiting: Option | null;
  /** Behind `--`. */
  readonly onlyWords: boolean;
  readonly subcommandWanted: boolean;
  /** By --cluster, --context and --kubeconfig so far. */
  readonly named: NamedCluster;
  /** Of the runbook that is named. */
  readonly inputs: Readonly<Record<string, InputFlag>>;
}

async function readPlace(
  program: Command,
  words: readonly string[],
  surroundings: Surroundings,
): Promise<Place> {
  let command = program;
  let verb: (typeof RUNBOOK_VERBS)[number] | undefined;
  let awaiting: Option | null = null;
  let onlyWords = false;
  let named: NamedCluster = {};
  let inputs: Place["inputs"] = {};
  const positionals: string[] = [];
  const given = new Set<string>();
  const keep = (option: Option, value: string): void => {
    const name = option.attributeName();
    if (["cluster", "context", "kubeconfig"].includes(name)) named = { ...named, [name]: value };
  };
  for (const word of words) {
    if (awaiting !== null) {
      keep(awaiting, word);
      awaiting = null;
    } else if (!onlyWords && word === "--") {
      onlyWords = true;
    } else if (!onlyWords && word.startsWith("-") && word !== "-") {
      const [name = word, value] = word.split(/=(.*)/s);
      const option = findOption(command, name);
      if (option === undefined) continue;
      given.add(option.long ?? name);
      if (value !== undefined) keep(option, value);
      else if (option.required) awaiting = option;
    } else {
      const child = positionals.length === 0 ? findCommand(command, word) : undefined;
      if (child !== undefined) {
        command = child;
        verb = RUNBOOK_VERBS.find((known) => known === child.name() && child.parent === program);
      } else {
        positionals.push(word);
        if (verb === undefined || positionals.length > 1) continue;
        const { peekInputs } = await import("../../api/completion.js");
        inputs = await peekInputs(word, surroundings);
        command = makeRunbookCommand(verb, { name: word, inputs });
      }
    }
  }
  const subcommandWanted = command.commands.length > 0 && positionals.length === 0;
  return { command, positionals, given, awaiting, onlyWords, subcommandWanted, named, inputs };
}

function findCommand(command: Command, name: string): Command | undefined {
  return command.commands.find((child) => child.name() === name || child.aliases().includes(name));
}

function findOption(command: Command, name: string): Option | undefined {
  return command.options.find((option) => option.long === name || option.short === name);
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

/** Runbooks' names are commands. */
async function suggestNames(surroundings: Surroundings): Promise<readonly Candidate[]> {
  const { suggestRunbooks } = await import("../../api/completion.js");
  return suggestRunbooks(surroundings);
}

function suggestCommands(command: Command): Candidate[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.map((child) => ({ value: child.name(), description: child.description() }));
}

function suggestFlags({ command, given }: Place): Candidate[] {
  const options = command.createHelp().visibleOptions(command);
  return options.flatMap((option) => {
    const { long, description } = option;
    // A list's flag may be given again.
    if (long == null || (given.has(long) && option.parseArg === undefined)) return [];
    return [{ value: long, description }];
  });
}

/** The name of the positional argument at the cursor; undefined where no more are taken. */
function positionalAt({ command, positionals }: Place): string | undefined {
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[positionals.length] ?? (last?.variadic === true ? last : undefined);
  return argument?.name();
}

interface Given {
  readonly option: Option;
  readonly word: string;
  /** What stands in front of the value in the same word: `--output=`. */
  readonly prefix: string;
}

async function completeValue(place: Place, given: Given, surroundings: Surroundings): Promise<Completion> {
  const { option, word, prefix } = given;
  const source = valueSource(option, place.inputs[option.attributeName()]);
  return completeFrom(source, { place, word, prefix }, surroundings);
}

async function completeFrom(
  source: Source,
  at: { readonly place: Place; readonly word: string; readonly prefix: string },
  surroundings: Surroundings,
): Promise<Completion> {
  const { place, word, prefix } = at;
  const all = await source.suggest({ ...surroundings, named: place.named });
  // A name that begins with a dash would be read as an option.
  const found = all.filter(({ value }) => !value.startsWith("-"));
  const comma = source.list === true ? word.lastIndexOf(",") + 1 : 0;
  const head = prefix + word.slice(0, comma);
  const completion = choose(found, word.slice(comma), { head });
  const also = source.paths ?? "none";
  return { ...completion, also };
}

function choose(all: readonly Candidate[], word: string, { head = "" } = {}): Completion {
  const fitting = all.filter(({ value }) => value.startsWith(word));
  const whole = fitting.map(({ value, ...rest }) => ({ value: head + value, ...rest }));
  return { candidates: whole.filter(({ value }) => SAFE.test(value)).slice(0, MAX_CANDIDATES), also: "none" };
}
