import { isIP } from "node:net";
import { bytesOf, containsIp, formatBytes } from "../linux/address.js";
import { mappingOf, type ShareKey } from "./key.js";
import { bytesOfWord, maskAt, wordOf } from "./mapping/addresses.js";
import { isWordStart, Trie } from "./text/trie.js";

const MAC = /(?<![0-9A-Za-z:])[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![0-9A-Za-z:])/gi;
const FOUR = /(?<!\d)(?<!\d\.)\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2}(?!\d))?(?!\d)/g;
const SIX =
  /(?<![0-9A-Za-z:])(?:[0-9a-f]{1,4})?(?::(?:[0-9a-f]{1,4})?){2,7}(?:\.\d{1,3}){0,3}(?:\/\d{1,3}(?!\d))?/gi;

/** Translates pseudonyms of a text back to what they stand for. What the archive did not have is left as it is. */
export function revealText(text: string, key: ShareKey): string {
  const mapping = mappingOf(key);
  const trie = new Trie();
  for (const { original, pseudonym } of key.names) trie.add(pseudonym, original);
  for (const [original, pseudonym] of key.identifiers) trie.add(pseudonym, original);
  const known = new Set(key.addresses);
  const unmap = (found: string): string => {
    const [address = "", length] = found.split("/");
    const bytes = bytesOf(address);
    if (isIP(address) === 0 || bytes === undefined) return found;
    const original = formatBytes([
      ...(bytes.length === 4
        ? bytesOfWord(mapping.addresses.unmap4(wordOf(Uint8Array.from(bytes))))
        : mapping.addresses.unmap6(Uint8Array.from(bytes))),
    ]);
    if (original === undefined) return found;
    if (known.has(original)) return length === undefined ? original : `${original}/${length}`;
    return length === undefined ? found : (networkOf(original, Number(length), key) ?? found);
  };
  const macs = new Set(key.macs);
  const unmapMac = (found: string): string => {
    const original = mapping.macs.unmap(found.replaceAll(":", "").toLowerCase());
    return macs.has(original) ? (original.match(/../g) ?? []).join(":") : found;
  };
  return replaceNames(text, trie)
    .replaceAll(MAC, unmapMac)
    .replaceAll(SIX, (found) => (isIP(found.split("/")[0]!) === 0 ? found : unmap(found)))
    .replaceAll(FOUR, unmap);
}

/** A network that the run named, or in which one of its addresses is. */
function networkOf(address: string, lengthBits: number, key: ShareKey): string | undefined {
  const bytes = bytesOf(address);
  if (bytes === undefined || lengthBits > bytes.length * 8) return undefined;
  const network = formatBytes(bytes.map((byte, index) => byte & maskAt(index, lengthBits)));
  if (network === undefined) return undefined;
  const prefix = { family: bytes.length === 4 ? 4 : 6, bytes, lengthBits } as const;
  const isKnown =
    key.networks.includes(`${network}/${lengthBits}`) || key.addresses.some((one) => containsIp(prefix, one));
  return isKnown ? `${network}/${lengthBits}` : undefined;
}

function replaceNames(text: string, trie: Trie): string {
  const parts: string[] = [];
  let copied = 0;
  for (let at = 0; at < text.length;) {
    const found = isWordStart(text, at) ? trie.find(text, at) : null;
    if (found === null) {
      at++;
      continue;
    }
    parts.push(text.slice(copied, at), found.replacement);
    at = copied = found.end;
  }
  parts.push(text.slice(copied));
  return parts.join("");
}
