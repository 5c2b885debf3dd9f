import { bytesOf, formatBytes, parsePrefix } from "../linux/address.js";
import { secretForms } from "../model/secret-forms.js";
import { mappingOf, type ShareKey } from "./key.js";
import { bytesOfWord, wordOf } from "./mapping/addresses.js";
import { isTold } from "./text/text-mapper.js";
import { isWordStart, Trie } from "./text/trie.js";

/** Shorter ones stand in bytes by chance. */
const LEAST_IN_BYTES = 5;
const LEAST_ENCODED = 8;

/** Originals in every encoding that is written. */
export interface Needles {
  readonly originals: number;
  readonly ambiguous: number;
  /** An IP address in its canonical form, or the 12 digits of a MAC address. */
  isOriginal(text: string): boolean;
  inText(text: string): ReadonlySet<string>;
  inBytes(bytes: Uint8Array): ReadonlySet<string>;
}

export function makeNeedles(key: ShareKey): Needles {
  const images = imagesOf(key);
  const told = new Set([...key.addresses, ...key.macs].filter((original) => !images.has(original)));
  const names = key.names.filter(({ original }) => isTold(original));
  const words = new Trie();
  const anywhere = new Trie();
  const binary = new Trie();
  for (const original of told) addAddress(original, words, binary);
  for (const { original } of names) {
    words.add(original, original);
    for (const form of secretForms(original))
      if (form !== original && form.length >= LEAST_ENCODED) anywhere.add(form.toLowerCase(), original);
    if (original.length >= LEAST_IN_BYTES) binary.add(original, original);
  }
  const pseudonyms = new Set(key.identifiers.map(([, pseudonym]) => pseudonym));
  const identifiers = key.identifiers.filter(([original]) => !pseudonyms.has(original));
  for (const [original] of identifiers) words.add(original, original);
  for (const object of key.objects) words.add(object, object);
  const networks = key.networks.filter((network) => !images.has(network));
  for (const network of networks) words.add(network, network);
  return {
    originals: told.size + names.length + identifiers.length + networks.length,
    ambiguous: key.addresses.length + key.macs.length - told.size,
    isOriginal: (text) => told.has(text),
    inText: (text) =>
      new Set([
        ...[text, ...escapedIn(text)].flatMap((each) => [...findWords(each, words)]),
        ...findAnywhere(text, anywhere),
      ]),
    inBytes: (bytes) => new Set(findAnywhere(Buffer.from(bytes).toString("latin1"), binary)),
  };
}

/** What stands in a text as `\\xHH`, as probes' commands have what they send; what cannot be printed parts words. */
function escapedIn(text: string): readonly string[] {
  return Array.from(text.matchAll(/(?:\\{1,8}x[0-9a-f]{2}){4,8192}/gi), ([escaped]) =>
    Buffer.from(escaped.replaceAll(/\\+x/gi, ""), "hex")
      .toString("latin1")
      .replaceAll(/[^!-~]/g, " "),
  );
}

function* findWords(text: string, trie: Trie): Generator<string> {
  for (let at = 0; at < text.length; at++) {
    const found = isWordStart(text, at) ? trie.find(text, at) : null;
    if (found !== null) yield found.replacement;
  }
}

function* findAnywhere(text: string, trie: Trie): Generator<string> {
  for (let at = 0; at < text.length; at++) {
    const found = trie.find(text, at, () => true);
    if (found !== null) yield found.replacement;
  }
}

function imagesOf(key: ShareKey): ReadonlySet<string> {
  const { addresses, macs } = mappingOf(key);
  const mapped = key.addresses.flatMap((address) => {
    const bytes = bytesOf(address);
    if (bytes === undefined) return [];
    const image =
      bytes.length === 4
        ? bytesOfWord(addresses.map4(wordOf(Uint8Array.from(bytes))))
        : addresses.map6(Uint8Array.from(bytes));
    return formatBytes([...image]) ?? [];
  });
  const networks = key.networks.flatMap((network) => {
    const prefix = parsePrefix(network);
    if (prefix === undefined) return [];
    const image = addresses.mapNetwork(Uint8Array.from(prefix.bytes), prefix.lengthBits, network);
    return `${formatBytes([...image]) ?? ""}/${prefix.lengthBits}`;
  });
  return new Set([...mapped, ...networks, ...key.macs.map((mac) => macs.map(mac))]);
}

function addAddress(original: string, words: Trie, binary: Trie): void {
  const bytes = bytesOf(original);
  if (bytes === undefined) {
    const pairs = original.match(/../g) ?? [];
    for (const joint of [":", "-", ""]) words.add(pairs.join(joint), original);
    binary.add(lower(Buffer.from(original, "hex").toString("latin1")), original);
    return;
  }
  const hex = Buffer.from(bytes).toString("hex");
  words.add(original, original);
  if (bytes.length === 4) {
    words.add(bytes.join("-"), original);
    words.add(Buffer.from([...bytes].reverse()).toString("hex"), original);
    words.add(hex, original);
    words.add(`0x${hex}`, original);
    words.add(String(wordOf(Uint8Array.from(bytes)) >>> 0), original);
    const reverse = [...bytes.map(String).reverse(), "in-addr"];
    words.add(reverse.join("."), original);
    binary.add(reverse.map((label) => `${String.fromCharCode(label.length)}${label}`).join(""), original);
    return;
  }
  words.add(hex, original);
  words.add((hex.match(/.{4}/g) ?? []).join(":"), original);
  words.add(Buffer.from(hex, "hex").swap32().toString("hex"), original);
  binary.add(lower(Buffer.from(bytes).toString("latin1")), original);
}

/** As the trie compares: capital letters of ASCII only. */
function lower(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
