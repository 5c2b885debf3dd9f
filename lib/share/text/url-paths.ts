import type { Mapping } from "../mapping/mapping.js";

const URL = /\bhttps?:\/\/([^\s/@"'\\]{1,256}@)?([^\s/?#"'\\]{1,256})(\/[\x21-\x7e]{1,1024})/g;
/** A shorter one (`a=1`) stands in programs' texts by chance, and tells nobody's. */
const LEAST_PAIR_CHARS = 5;
/** What stands between the parts of a path or a query (RFC 3986, 3.3 and 3.4). */
const BETWEEN = /[^A-Za-z0-9._~%-]+/;

/**
 * What a URL's path and query tell of somebody: numbers of accounts, names of customers, what a browser percent-encodes. The path is
 * hidden as a whole, which takes its numbers too, and so are its parts and each pair of the query, for texts that tell one of them or in
 * which a secret was removed. A path of nothing but a number stays: it is told from no other number.
 */
export function takeUrlPath(text: string, mapping: Mapping): void {
  const [path = "", ...queries] = text.replace(/^\/+/, "").split(/[?#]/);
  for (const part of [path, ...queries.flatMap((query) => query.split("&"))]) {
    for (const told of new Set([part.replace(/\/+$/, ""), ...part.split(BETWEEN)]))
      if (
        /[A-Za-z]/.test(told) &&
        !(told.includes("=") && told.length < LEAST_PAIR_CHARS) &&
        /^[A-Za-z0-9%].*[A-Za-z0-9]$/.test(told)
      )
        mapping.names.nameOf(told, "path");
  }
}

/** The same of each URL in a text that is a value of its own, as a flag's or an input's. */
export function takeUrls(text: string, mapping: Mapping): void {
  for (const [, , , path = ""] of text.matchAll(URL)) takeUrlPath(path, mapping);
}
