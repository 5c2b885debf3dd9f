import { HopbookError } from "../errors.js";
import { isNodeName } from "../model/names.js";

/**
 * Linux allows any byte but `/` and white space in 15 bytes (dev_valid_name, net/core/dev.c); those that a
 * CNI or an administrator really uses are fewer. "any" is no interface but tcpdump's word for all.
 */
const INTERFACE = /^[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,14}$/;
/** Becomes a file name and a word of the agent's lines. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,119}$/;
const ABSOLUTE_PATH = /^\/[^\0\n]{0,1023}$/;

export function checkInterface(name: string): string {
  if (INTERFACE.test(name) && name !== "any") return name;
  throw refuse("interface name", name);
}

export function checkId(id: string): string {
  if (ID.test(id) && !id.includes("..")) return id;
  throw refuse("id", id);
}

/** A node's name becomes the name of a folder in the run's. */
export function checkNode(name: string): string {
  if (isNodeName(name)) return name;
  throw refuse("node", name);
}

/** An absolute path with no `..` and no line break. */
export function checkPath(path: string): string {
  if (ABSOLUTE_PATH.test(path) && !path.split("/").includes("..")) return path;
  throw refuse("path", path);
}

/** A node's name as part of a file name: whatever is not safe there becomes a dash. */
export function fileNameOf(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, "-").slice(0, 80);
}

function refuse(what: string, value: string): HopbookError {
  return new HopbookError(
    "INPUT_INVALID",
    `Cannot plan a capture: current ${what} is ${JSON.stringify(value.slice(0, 160))}`,
    { hint: `Give a ${what} without white space, slashes or a leading dash, where it is not a path` },
  );
}
