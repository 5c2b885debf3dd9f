import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { HopbookError } from "../errors.js";
import { unreadable, unwritable } from "../files/failure.js";
import { readRegularFile } from "../files/read.js";
import { formatBytes } from "../linux/address.js";
import { bytesOfWord } from "./mapping/addresses.js";
import { Mapping } from "./mapping/mapping.js";
import { KINDS, type NamePair } from "./mapping/names.js";

const SECRET_BYTES = 32;
const MOST_FILE_BYTES = 256 * 1024 * 1024;

/** What translates an archive back, and tells what may not be in it. */
export interface ShareKey {
  readonly apiVersion: "hopbook.dev/v1";
  readonly kind: "ShareKey";
  /** Of which addresses' pseudonyms are made, hexadecimal. */
  readonly secret: string;
  readonly names: readonly NamePair[];
  /** `namespace/name`, where one of both is a common word. */
  readonly objects: readonly string[];
  /** IP addresses that were changed, as text. */
  readonly addresses: readonly string[];
  /** Networks that were changed: `10.0.0.0/24`. */
  readonly networks: readonly string[];
  /** MAC addresses, 12 hexadecimal digits. */
  readonly macs: readonly string[];
  /** Identifiers of hexadecimal digits, and what became of each. */
  readonly identifiers: readonly (readonly [original: string, pseudonym: string])[];
}

export function makeSecret(): Uint8Array {
  return Uint8Array.from(randomBytes(SECRET_BYTES));
}

export function keyOf(mapping: Mapping): ShareKey {
  const { addresses, macs, digits, names, objects } = mapping;
  return {
    apiVersion: "hopbook.dev/v1",
    kind: "ShareKey",
    secret: Buffer.from(mapping.secret).toString("hex"),
    names: names.pairs(),
    objects: [...objects],
    addresses: [
      ...addresses.changed4().map((word) => formatBytes([...bytesOfWord(word)]) ?? ""),
      ...addresses.changed6().map((address) => formatBytes([...address]) ?? ""),
    ],
    networks: addresses.changedNetworks(),
    macs: macs.changed(),
    identifiers: [...digits.changed()],
  };
}

/** The mapping that made an archive. */
export function mappingOf(key: ShareKey): Mapping {
  const mapping = new Mapping(Buffer.from(key.secret, "hex"), key.names);
  for (const object of key.objects) mapping.objects.add(object);
  return mapping;
}

/** Writes a key that only its owner reads. Throws ARTIFACTS_UNWRITABLE where there is a file of that name, or none can be. */
export async function writeKey(
  path: string,
  key: ShareKey,
  { replaces }: { readonly replaces: boolean },
): Promise<void> {
  try {
    const file = await open(path, replaces ? "w" : "wx", 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(`${JSON.stringify(key, null, 1)}\n`);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unwritable(path, error, {
      what: "the key",
      elsewhere: "another file with --key; one that is there is used again, and added to",
    });
  }
}

const KEY_HINT = "Name the key that hopbook share wrote beside the archive";

/** Throws FILE_UNREADABLE, or EVIDENCE_INVALID where it is no key. */
export async function readKey(path: string): Promise<ShareKey> {
  let text: string;
  try {
    text = (await readRegularFile(path, MOST_FILE_BYTES)).toString("utf8");
  } catch (error) {
    throw unreadable(path, error, { what: "the key", hint: KEY_HINT });
  }
  try {
    const value = JSON.parse(text) as unknown;
    if (isKey(value)) return value;
  } catch {
    // It is told as any other file that is no key.
  }
  throw new HopbookError(
    "EVIDENCE_INVALID",
    `Cannot use ${path} as a key: it is not what hopbook share writes`,
    { where: { file: path }, hint: KEY_HINT },
  );
}

function isKey(value: unknown): value is ShareKey {
  if (typeof value !== "object" || value === null) return false;
  const key = value as Readonly<Record<string, unknown>>;
  if (
    key["kind"] !== "ShareKey" ||
    typeof key["secret"] !== "string" ||
    !/^[0-9a-f]{64}$/.test(key["secret"])
  )
    return false;
  const texts = [key["objects"], key["addresses"], key["networks"], key["macs"]];
  return (
    texts.every((list) => Array.isArray(list) && list.every((item) => typeof item === "string")) &&
    Array.isArray(key["names"]) &&
    key["names"].every(isPair) &&
    Array.isArray(key["identifiers"]) &&
    key["identifiers"].every(
      (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((item) => typeof item === "string"),
    )
  );
}

function isPair(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { kind, original, pseudonym } = value as Readonly<Record<string, unknown>>;
  return (
    KINDS.some((known) => known === kind) && typeof original === "string" && typeof pseudonym === "string"
  );
}
