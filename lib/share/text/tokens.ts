import { isIP } from "node:net";
import { bytesOf, formatBytes } from "../../linux/address.js";
import { bytesOfWord, maskAt, wordOf } from "../mapping/addresses.js";
import type { Mapping } from "../mapping/mapping.js";
import { mapAnswer, mapCertificateLines, mapPayload } from "./answers.js";

const MOST_WORD = 0xffffffff;
const HEX4 = "[0-9A-Fa-f]{1,4}";
/** In front of a word, also where that follows an escape's letter. */
const START = "(?:(?<![0-9A-Za-z])|(?<=\\\\[nrtbf]))";

/** Whatever has a form of its own, each by its name. The first that fits at a place has it. */
const TOKENS = new RegExp(
  [
    `(?<answer>(?<=\\breply )[0-9a-f]{28,32768}(?![0-9A-Za-z]))`,
    `(?<certificate>\\bcert 1 [A-Za-z0-9+/=]{1,80}(?:(?:\\n|\\\\{1,8}n)cert 1 [A-Za-z0-9+/=]{1,80}){0,250}|(?<=\\\\n)cert 1 [A-Za-z0-9+/=]{1,80}(?:\\\\{1,8}ncert 1 [A-Za-z0-9+/=]{1,80}){0,250})`,
    `(?<payload>(?:\\\\{1,8}x[0-9a-f]{2}){12,8192})`,
    `(?<reverse>${START}(?:\\d{1,3}\\.){4}in-addr\\.arpa|${START}(?:[0-9a-f]\\.){32}ip6\\.arpa)`,
    `(?<uuid>${START}[0-9a-f]{8}(?:[-_])[0-9a-f]{4}(?:[-_])[0-9a-f]{4}(?:[-_])[0-9a-f]{4}(?:[-_])[0-9a-f]{12}(?![0-9A-Za-z]))`,
    `(?<long>${START}(?:[0-9a-f]{2}:){7,31}[0-9a-f]{2}(?![0-9A-Za-z:]))`,
    `(?<mac>${START}[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}(?![0-9A-Za-z:]))`,
    `(?<six>(?:(?<![0-9A-Za-z:])|(?<=[g-zG-Z]:)|(?<=\\\\[nrtbf]))(?=[0-9A-Fa-f:]*:[0-9A-Fa-f]*:)(?:${HEX4})?(?::(?:${HEX4})?){2,8}(?:(?<=:)\\d{1,3}(?:\\.\\d{1,3}){3}|(?:\\.\\d{1,3}){3})?(?:/\\d{1,3}(?!\\d))?)`,
    `(?<four>(?<!\\d)(?<!\\d\\.)\\d{1,3}(?:\\.\\d{1,3}){3}(?:/\\d{1,2}(?!\\d))?(?!\\d))`,
    `(?<decimal>(?<=://(?:[^\\s/@"'\\\\]{0,64}@)?)\\d{8,10}(?![0-9A-Za-z.-]))`,
    `(?<dashed>${START}\\d{1,3}(?:-\\d{1,3}){3}(?![0-9A-Za-z-]*\\d{3}Z)(?![0-9A-Za-z]))`,
    `(?<words>=0x[0-9a-f]{8}(?:[^=]{1,80}=0x[0-9a-f]{8}){3}(?![0-9a-f]))`,
    `(?<word>(?<=0x)[0-9a-f]{8}(?![0-9a-f]))`,
    `(?<proc>${START}(?:[0-9A-F]{32}|[0-9A-F]{8})(?=:[0-9A-F]{4}(?![0-9A-Za-z]))|(?<=\\t|\\\\t)[0-9A-F]{8}(?=\\t|\\\\t))`,
    `(?<inet6>${START}[0-9a-f]{32}(?= [0-9a-f]{2} [0-9a-f]{2} ))`,
    `(?<owner>${START}[a-z0-9][a-z0-9.-]{0,251}(?=/[A-Za-z0-9._-]{1,15}@)|(?<=--namespace [a-z0-9-]{1,63} )[a-z0-9][a-z0-9.-]{0,251}(?![\\w.-]))`,
    `(?<device>${START}(?:[a-z]{2}[a-z](?:[g-z])?)[0-9a-f]{7,12}(?![0-9A-Za-z]))`,
    `(?<chain>(?<=-)[A-Z2-7]{16}(?![0-9A-Za-z]))`,
    `(?<digits>(?<!0x)${START}[0-9a-f]{12,64}(?![0-9A-Za-z]))`,
  ].join("|"),
  "g",
);

/** As nft writes a prefix in JSON, which stands in texts within texts too. */
const LENGTH_BEHIND = /^\\{0,3}",\s{0,40}\\{0,3}"len\\{0,3}":\s?(\d{1,3})/;

/** What becomes of tokens that are neither: a run's own number, files that got another digest. */
export interface Kept {
  readonly digest: (text: string) => string | undefined;
}

export interface Token {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** The tokens of a text in order; what stays as it is is one as well, so that nothing else is found within. */
export function* findTokens(text: string, mapping: Mapping, kept: Kept): Generator<Token, void> {
  for (const match of text.matchAll(TOKENS)) {
    const groups = match.groups ?? {};
    const name = Object.keys(groups).find((key) => groups[key] !== undefined);
    const replace = name === undefined ? undefined : REPLACE[name];
    const isIp = name === "four" || name === "six";
    const behind = isIp
      ? LENGTH_BEHIND.exec(text.slice(match.index + match[0].length, match.index + match[0].length + 64))
      : null;
    const replacement =
      behind === null
        ? replace?.(match[0], mapping, kept)
        : mapPrefix(`${match[0]}/${behind[1]!}`, mapping.addresses)?.replace(/\/\d+$/, "");
    if (replacement === undefined) continue;
    yield { start: match.index, end: match.index + match[0].length, replacement };
  }
}

type Replace = (text: string, mapping: Mapping, kept: Kept) => string | undefined;

const REPLACE: Readonly<Record<string, Replace>> = {
  answer: (text, mapping) => mapAnswer(text, mapping),
  certificate: (text, mapping) => mapCertificateLines(text, mapping),
  payload: (text, mapping) => mapPayload(text, mapping),
  reverse: (text, mapping) => mapping.domain(text),
  uuid: (text, { digits }) => {
    const separators = [8, 13, 18, 23].map((at) => text[at]!);
    const mapped = digits.map(text.replaceAll(/[-_]/g, ""));
    const parts = [0, 8, 12, 16, 20].map((at, index) => mapped.slice(at, [8, 12, 16, 20, 32][index]));
    return parts.map((part, index) => `${part}${separators[index] ?? ""}`).join("");
  },
  long: (text, { digits }) => (digits.map(text.replaceAll(":", "")).match(/../g) ?? []).join(":"),
  mac: (text, { macs }) =>
    likeCase((macs.map(text.replaceAll(":", "").toLowerCase()).match(/../g) ?? []).join(":"), text),
  six: (text, { addresses }) => mapPrefix(text, addresses),
  four: (text, { addresses }) => mapPrefix(text, addresses),
  dashed: (text, { addresses, digits }) => {
    const bytes = bytesOf(text.replaceAll("-", "."));
    const isKnown = bytes !== undefined && addresses.knows4(wordOf(Uint8Array.from(bytes)));
    return isKnown ? digits.numbersLike(text) : undefined;
  },
  // A host that is one number, as browsers and curl take it (WHATWG URL, 3.5).
  decimal: (text, { addresses }) =>
    Number(text) > MOST_WORD ? undefined : String(addresses.map4(Number(text) | 0) >>> 0),
  words: (text, { addresses }) => {
    const words = text.match(/(?<==0x)[0-9a-f]{8}/g) ?? [];
    const address = Buffer.from(words.join(""), "hex");
    if (!addresses.knows6(address)) return mapWords(text, addresses);
    const image = Buffer.from(addresses.map6(address)).toString("hex").match(/.{8}/g) ?? [];
    let index = 0;
    return text.replaceAll(/(?<==0x)[0-9a-f]{8}/g, () => image[index++]!);
  },
  word: (text, { addresses }) => mapWords(`=0x${text}`, addresses).slice(3),
  proc: (text, mapping) => mapProc(text, mapping),
  inet6: (text, { addresses }) => Buffer.from(addresses.map6(Buffer.from(text, "hex"))).toString("hex"),
  // Where a pod that is called by a common word stands as a name: `web/eth0@node-1`, `kubectl get pod --namespace shop web`.
  owner: (text, { names }) => (names.kindOf(text) === null ? undefined : names.nameOf(text, "pod")),
  device: (text, { digits }, kept) => {
    // A probe's mark of hexadecimal digits may begin with three letters.
    const own = kept.digest(text);
    if (own !== undefined) return own;
    const [, kind = "", rest = ""] = /^([a-z]{3}[g-z]?)(.*)$/.exec(text) ?? [];
    return /\d/.test(rest) ? `${kind}${digits.map(rest)}` : undefined;
  },
  // Chains are called by a hash of the Service's name, which would tell it to who tries names.
  chain: (text, { digits }) => digits.chain(text),
  digits: (text, { digits }, kept) =>
    kept.digest(text) ?? (/[a-f]/.test(text) && /\d/.test(text) ? digits.map(text) : undefined),
};

function mapPrefix(text: string, addresses: Mapping["addresses"]): string | undefined {
  const [base = "", length] = text.split("/");
  let address = base;
  // A colon or a group behind it is of what follows: `fd00::1: up`.
  while (isIP(address) === 0 && address.includes(":")) address = address.replace(/:?[^:]*$/, "");
  const bytes = bytesOf(address);
  if (bytes === undefined || isMask(bytes)) return text;
  const lengthBits = address === base && length !== undefined ? Number(length) : 128;
  const own = Uint8Array.from(bytes);
  const network = isNetwork(bytes, lengthBits)
    ? addresses.mapNetwork(own, lengthBits, text)
    : bytes.length === 4
      ? bytesOfWord(addresses.map4(wordOf(own)))
      : addresses.map6(own);
  const mapped = bytes.every((byte, index) => byte === network[index]) ? address : formatBytes([...network]);
  return mapped === undefined
    ? undefined
    : `${mapped}${base.slice(address.length)}${length === undefined ? "" : `/${length}`}`;
}

/** `255.255.240.0`, which is a netmask and no address of anybody. */
function isMask(bytes: readonly number[]): boolean {
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return bytes.length === 4 && bytes[0] === 255 && /^1+0*$/.test(bits);
}

function isNetwork(bytes: readonly number[], lengthBits: number): boolean {
  return (
    lengthBits < bytes.length * 8 &&
    bytes.every((byte, index) => (byte & ~maskAt(index, lengthBits) & 0xff) === 0)
  );
}

/** `=0xc0a8ae81` in filters: of a number that is no address of the run nothing is changed. */
function mapWords(text: string, addresses: Mapping["addresses"]): string {
  return text.replaceAll(/(?<==0x)[0-9a-f]{8}/g, (digits) => {
    const word = Number.parseInt(digits, 16) | 0;
    return addresses.knows4(word) ? (addresses.map4(word) >>> 0).toString(16).padStart(8, "0") : digits;
  });
}

/** Addresses of /proc/net: words of the machine's byte order, which is little-endian, or of the network's (ip_vs). */
function mapProc(text: string, { addresses }: Mapping): string {
  const bytes = Buffer.from(text, "hex");
  if (bytes.length === 16) {
    const image = Buffer.from(addresses.map6(Uint8Array.from(bytes.swap32())));
    return image.swap32().toString("hex").toUpperCase();
  }
  const [big, little] = [bytes.readInt32BE(0), bytes.readInt32LE(0)];
  if (isMask([...bytesOfWord(little)]) || isMask([...bytesOfWord(big)])) return text;
  const isBig = !addresses.knows4(little) && addresses.knows4(big);
  const image = Buffer.from(bytesOfWord(addresses.map4(isBig ? big : little)));
  return (isBig ? image : image.swap32()).toString("hex").toUpperCase();
}

function likeCase(mapped: string, text: string): string {
  return text === text.toLowerCase() ? mapped : mapped.toUpperCase();
}
