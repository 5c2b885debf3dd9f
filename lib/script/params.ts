import { HopbookError } from "../errors.js";
import type { Argv } from "../model/access.js";

const MAX_WORDS = 4096;
const MAX_ARGV_CHARS = 128 * 1024;

/** What a call was given. The script can make up any of it, so each value is looked at; SCRIPT_FAILED where it is wrong. */
export class Params {
  readonly #method: string;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(method: string, params: unknown) {
    this.#method = method;
    if (typeof params !== "object" || params === null || Array.isArray(params)) {
      throw this.#refuse("its parameters are no object");
    }
    this.#values = params as Readonly<Record<string, unknown>>;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name) && this.#values[name] !== undefined;
  }

  text(name: string, maxChars: number): string {
    const value = this.#own(name);
    if (typeof value !== "string") throw this.#refuse(`${name} is no text`);
    if (value.length > maxChars) throw this.#refuse(`${name} has more than ${maxChars} characters`);
    return value;
  }

  count(name: string): number {
    const value = this.#own(name);
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw this.#refuse(`${name} is no count`);
    return value as number;
  }

  record(name: string): Readonly<Record<string, unknown>> {
    const value = this.#own(name);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.#refuse(`${name} is no object`);
    }
    return value as Readonly<Record<string, unknown>>;
  }

  argv(name: string): Argv {
    const value = this.#own(name);
    if (!Array.isArray(value) || value.length > MAX_WORDS) throw this.#refuse(`${name} is no list of words`);
    const words = value as readonly unknown[];
    let chars = 0;
    for (const word of words) {
      if (typeof word !== "string" || word.includes("\0")) {
        throw this.#refuse(`${name} holds what is no word of a command`);
      }
      chars += word.length + 1;
    }
    if (chars > MAX_ARGV_CHARS) throw this.#refuse(`${name} has more than ${MAX_ARGV_CHARS} characters`);
    const [program, ...rest] = words as readonly string[];
    if (program === undefined || !/^[A-Za-z0-9_./][^=]*$/.test(program)) {
      throw this.#refuse(`${JSON.stringify((program ?? "").slice(0, 80))} is no name of a program`);
    }
    return [program, ...rest];
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }

  #refuse(why: string): HopbookError {
    return new HopbookError("SCRIPT_FAILED", `Cannot do ${this.#method} for the script: ${why}`);
  }
}
