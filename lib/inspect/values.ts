import { isIP } from "node:net";

/**
 * What nodes print goes into argv only when it looks like what it should be. Anything else is left out of
 * the plan: a look that cannot be asked for safely is not asked for.
 */

/** Linux takes up to 15 bytes without slash and white space; a leading dash would read as an option. */
const INTERFACE = /^[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,14}$/;
const NETNS_PATH = /^\/(?:[A-Za-z0-9_.:+@-]+\/)*[A-Za-z0-9_.:+@-]+$/;

/** True for an interface name that can stand in an argv and, slash-separated, in a sysctl's name. */
export function isInterfaceName(text: string): boolean {
  return INTERFACE.test(text) && text !== "." && text !== "..";
}

/** True for an IPv4 or IPv6 address without a zone. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}

/** True for an absolute path of plain characters with no `..` in it. */
export function isNetnsPath(text: string): boolean {
  return NETNS_PATH.test(text) && !text.split("/").includes("..");
}

/** A name as a part of a file name: at most 64 characters of `A-Za-z0-9_.-`, never hidden, never empty. */
export function toFilePart(text: string): string {
  const safe = text
    .replaceAll(/[^A-Za-z0-9_.-]/g, "_")
    .replace(/^\.+/, "_")
    .slice(0, 64);
  return safe === "" ? "_" : safe;
}
