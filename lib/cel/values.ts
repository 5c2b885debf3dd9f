/** What is an object of CEL's own, and no data. */
export abstract class CelObject {
  /** The name of its type, as `type()` gives it. */
  abstract readonly typeName: string;
  /** The same in the words of the reference. */
  get shortName(): string {
    return this.typeName;
  }
}

/** What is equal to another one of its kind where the text is the same. */
export abstract class TextObject extends CelObject {
  abstract override toString(): string;
}

export class Uint extends CelObject {
  readonly typeName = "uint";
  readonly value: bigint;

  constructor(value: bigint) {
    super();
    this.value = value;
  }
}

export class Duration extends CelObject {
  readonly typeName = "google.protobuf.Duration";
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    super();
    this.nanos = nanos;
  }

  override get shortName(): string {
    return "duration";
  }
}

/** Nanoseconds since 1970, in UTC. */
export class Timestamp extends CelObject {
  readonly typeName = "google.protobuf.Timestamp";
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    super();
    this.nanos = nanos;
  }

  override get shortName(): string {
    return "timestamp";
  }
}

export class TypeValue extends TextObject {
  readonly typeName = "type";
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }

  override toString(): string {
    return this.name;
  }
}

export class Optional extends CelObject {
  readonly typeName = "optional_type";
  /** undefined: there is none. */
  readonly value: CelValue | undefined;

  constructor(value: CelValue | undefined) {
    super();
    this.value = value;
  }

  override get shortName(): string {
    return "optional";
  }
}

export const NONE = new Optional(undefined);

/** A list that an expression or data holds. */
export abstract class CelList extends CelObject {
  readonly typeName = "list";
  abstract readonly length: number;
  abstract at(index: number): CelValue | undefined;
  /** All of them; of data they are converted once. */
  abstract items(): readonly CelValue[];
}

/** A map that an expression or data holds. */
export abstract class CelMap extends CelObject {
  readonly typeName = "map";
  abstract readonly size: number;
  /** undefined: the key is not there. A number is found whatever its type. */
  abstract get(key: CelValue): CelValue | undefined;
  abstract keys(): readonly CelValue[];
}

export class MadeList extends CelList {
  readonly #items: readonly CelValue[];

  constructor(items: readonly CelValue[]) {
    super();
    this.#items = items;
  }

  get length(): number {
    return this.#items.length;
  }

  at(index: number): CelValue | undefined {
    return this.#items[index];
  }

  items(): readonly CelValue[] {
    return this.#items;
  }
}

export class MadeMap extends CelMap {
  readonly #entries = new Map<string | bigint | boolean, readonly [key: CelValue, value: CelValue]>();

  /** Throws Error for a key that is no bool, int, uint or string, or that is there twice. */
  constructor(entries: Iterable<readonly [CelValue, CelValue]>) {
    super();
    for (const [key, value] of entries) {
      const id = typeof key === "number" ? undefined : identify(key);
      if (id === undefined) throw new Error(`${nameOf(key)} can be no key of a map`);
      if (this.#entries.has(id)) throw new Error(`the key ${JSON.stringify(String(id))} is there twice`);
      this.#entries.set(id, [key, value]);
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: CelValue): CelValue | undefined {
    const id = identify(key);
    return id === undefined ? undefined : this.#entries.get(id)?.[1];
  }

  keys(): readonly CelValue[] {
    return this.entries().map(([key]) => key);
  }

  entries(): readonly (readonly [key: CelValue, value: CelValue])[] {
    return [...this.#entries.values()];
  }
}

/** int: bigint, double: number. */
export type CelValue = null | boolean | bigint | number | string | Uint8Array | CelObject;

export const MAX_INT = 2n ** 63n - 1n;
export const MIN_INT = -(2n ** 63n);
export const MAX_UINT = 2n ** 64n - 1n;

/** Numbers of one value are one key, whatever their types. */
function identify(key: CelValue): string | bigint | boolean | undefined {
  if (key instanceof Uint) return key.value;
  if (typeof key === "number") return Number.isInteger(key) ? BigInt(key) : undefined;
  return typeof key === "string" || typeof key === "bigint" || typeof key === "boolean" ? key : undefined;
}

/** The text of a map's key, as JSON has it. */
export function textOfKey(key: CelValue): string {
  return String(identify(key));
}

/** What `type()` gives. */
export function typeNameOf(value: CelValue): string {
  if (value === null) return "null_type";
  if (value instanceof CelObject) return value.typeName;
  if (value instanceof Uint8Array) return "bytes";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "double";
    default:
      return "string";
  }
}

/** The name of a value's type in the words of the reference. */
export function nameOf(value: CelValue): string {
  if (value === null) return "null";
  return value instanceof CelObject ? value.shortName : typeNameOf(value);
}
