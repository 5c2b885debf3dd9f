import { Option, type Command } from "commander";
import { readSecretFlag, secretOptions } from "./secret-flags.js";

/** What the command line has to know of a runbook's input. */
export interface InputFlag {
  readonly type: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: { readonly enum?: readonly unknown[] };
  readonly secret?: boolean;
}

export type RawInputs = Record<string, string | string[] | boolean>;

/** `dnsName` is the flag `--dns-name`. */
export function flagName(input: string): string {
  return input.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A runbook's inputs are its flags: adds them to a command. */
export function addInputFlags(command: Command, inputs: Readonly<Record<string, InputFlag>>): void {
  const taken = new Set(Object.keys(inputs).map((name) => `--${flagName(name)}`));
  for (const [name, input] of Object.entries(inputs)) {
    const own = { text: describe(input), taken };
    for (const option of input.secret === true ? secretOptions(flagName(name), own) : optionsOf(name, input))
      command.addOption(option.helpGroup("Inputs of the runbook:"));
  }
}

function optionsOf(name: string, input: InputFlag): Option[] {
  const flag = flagName(name);
  const text = describe(input);
  if (input.type === "boolean") {
    return [
      new Option(`--${flag}`, text).hideHelp(input.default === true),
      new Option(`--no-${flag}`, `switch off: ${text}`).hideHelp(input.default !== true),
    ];
  }
  const option = new Option(
    `--${flag} <${input.type === "array" ? "LIST" : input.type.toUpperCase()}>`,
    text,
  );
  if (input.type === "array") {
    option.argParser((value: string, previous: string[] | undefined) => [...(previous ?? []), value]);
  }
  return [option];
}

function describe(input: InputFlag): string {
  const parts = [input.description ?? ""];
  const values = valuesOf(input);
  if (values.length > 0) parts.push(`(${values.join(", ")})`);
  const fallback = describeDefault(input.default);
  if (input.required === true) parts.push("(required)");
  else if (fallback !== null && input.type !== "boolean") parts.push(`(${fallback})`);
  return parts.filter((part) => part !== "").join(" ");
}

/** The values that an input takes, where the runbook lists them. */
export function valuesOf(input: InputFlag): string[] {
  return (input.enum ?? input.items?.enum ?? []).map(String);
}

/** "default 10s"; null where there is none worth a word. */
export function describeDefault(value: unknown): string | null {
  if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return null;
  return `default ${typeof value === "string" ? value : JSON.stringify(value)}`;
}

/** The values that were given, by the runbook's own names. Commander camel-cases `--dns-name` back to `dnsName`. */
export function readInputFlags(command: Command, inputs: Readonly<Record<string, InputFlag>>): RawInputs {
  const raw: RawInputs = {};
  for (const [name, input] of Object.entries(inputs)) {
    if (input.secret === true) {
      const secret = readSecretFlag(command, name, { flag: flagName(name), others: Object.keys(inputs) });
      if (secret !== undefined) raw[name] = secret;
      continue;
    }
    const value: unknown = command.getOptionValue(name);
    const given = command.getOptionValueSource(name) === "cli";
    if (given && (typeof value === "string" || typeof value === "boolean" || Array.isArray(value))) {
      raw[name] = value as RawInputs[string];
    }
  }
  return raw;
}
