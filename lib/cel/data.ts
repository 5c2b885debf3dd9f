import { DYN, type CelType } from "./types.js";
import {
  CelList,
  CelMap,
  CelObject,
  Duration,
  MadeList,
  MadeMap,
  Optional,
  TextObject,
  Timestamp,
  Uint,
} from "./values.js";
import type { CelValue } from "./values.js";
import { textOfKey } from "./values.js";
import { formatDuration, formatTimestamp } from "./time.js";

/** A list of data: it is converted as far as it is looked at, and passed on as it is. */
class DataList extends CelList {
  readonly data: readonly unknown[];
  readonly #item: CelType;
  #items: readonly CelValue[] | undefined;

  constructor(data: readonly unknown[], type: CelType) {
    super();
    this.data = data;
    this.#item = type.kind === "list" ? type.item : DYN;
  }

  get length(): number {
    return this.data.length;
  }

  /** Its items are no data as they are: a duration is text. */
  get isText(): boolean {
    return this.#item.kind === "duration";
  }

  at(index: number): CelValue | undefined {
    return index in this.data ? fromData(this.data[index], this.#item) : undefined;
  }

  items(): readonly CelValue[] {
    return (this.#items ??= this.data.map((item) => fromData(item, this.#item)));
  }
}

/** An object of data. Own properties only: there is no way to a prototype. */
class DataMap extends CelMap {
  readonly data: object;
  readonly #type: CelType;

  constructor(data: object, type: CelType) {
    super();
    this.data = data;
    this.#type = type;
  }

  get size(): number {
    return this.keys().length;
  }

  get(key: CelValue): CelValue | undefined {
    if (typeof key !== "string" || !Object.hasOwn(this.data, key)) return undefined;
    const value: unknown = Object.getOwnPropertyDescriptor(this.data, key)?.value;
    return value === undefined ? undefined : fromData(value, typeOfKey(this.#type, key));
  }

  keys(): readonly CelValue[] {
    return Object.keys(this.data);
  }
}

function typeOfKey(type: CelType, key: string): CelType {
  if (type.kind === "map") return type.value;
  return type.kind === "object" ? (type.property(key) ?? DYN) : DYN;
}

/**
 * Data as an expression sees it. What its type says to be a double, or a duration in milliseconds, is one; of what
 * nothing is said whole numbers are ints. A value of CEL is left as it is.
 */
export function fromData(data: unknown, type: CelType = DYN): CelValue {
  if (data === null || data === undefined) return null;
  if (data instanceof CelObject || data instanceof Uint8Array) return data;
  if (typeof data === "number") return fromNumber(data, type);
  if (typeof data === "boolean" || typeof data === "string" || typeof data === "bigint") return data;
  if (Array.isArray(data)) return new DataList(data, type);
  if (typeof data === "object") return new DataMap(data, type);
  throw new Error(`there is no ${typeof data} here`);
}

function fromNumber(data: number, type: CelType): CelValue {
  if (type.kind === "duration") return new Duration(BigInt(Math.round(data * 1e6)));
  return type.kind !== "double" && Number.isSafeInteger(data) ? BigInt(data) : data;
}

/**
 * A value as data, as CEL's JSON has it: durations, timestamps and the like are text, bytes base64, an absent optional
 * null. Throws Error for a number that data cannot hold.
 */
export function toData(value: CelValue): unknown {
  if (value instanceof DataMap) return value.data;
  if (value instanceof DataList) return value.isText ? value.items().map(toData) : value.data;
  if (value instanceof MadeList) return value.items().map(toData);
  if (value instanceof MadeMap) return Object.fromEntries(value.entries().map(toEntry));
  if (value instanceof Optional) return value.value === undefined ? null : toData(value.value);
  if (value instanceof Duration) return formatDuration(value.nanos);
  if (value instanceof Timestamp) return formatTimestamp(value.nanos);
  if (value instanceof TextObject) return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  const number = value instanceof Uint ? value.value : value;
  if (typeof number === "bigint" && Number.isSafeInteger(Number(number))) return Number(number);
  if (typeof number === "bigint" || (typeof number === "number" && !Number.isFinite(number))) {
    throw new Error(`the number ${String(number)} is too large for data`);
  }
  if (typeof number === "number") return number === 0 ? 0 : number;
  return number;
}

function toEntry([key, value]: readonly [CelValue, CelValue]): [string, unknown] {
  const name = textOfKey(key);
  if (name === "__proto__") throw new Error('the key "__proto__" is not allowed');
  return [name, toData(value)];
}

/** Whether a value is passed on as the data that it is. */
export function isData(value: CelValue): boolean {
  return value instanceof DataList || value instanceof DataMap;
}
