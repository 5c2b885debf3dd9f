import { linesOf } from "./lines.js";

/** A set of ipset(8) with its members. */
interface SavedSet {
  /** `hash:net`, `hash:ip,port`, `list:set`. */
  readonly type: string;
  /** Without their options: `10.0.0.0/8`, `10.0.0.1,tcp:80`. */
  readonly entries: readonly string[];
  /** Those that are marked `nomatch`. */
  readonly exceptions: readonly string[];
}

/** `ipset list`, by name. What is listed without its members (`-t`) is left out: it is not known to be empty. */
export function parseIpsetList(text: string): ReadonlyMap<string, SavedSet> {
  const sets = new Map<string, SavedSet>();
  let name = "";
  let type = "";
  let open: { readonly entries: string[]; readonly exceptions: string[] } | null = null;
  for (const line of linesOf(text)) {
    const [, key = "", value = ""] = /^(Name|Type|Members): ?(.*)$/.exec(line) ?? [];
    if (key === "Name") [name, type, open] = [value, "", null];
    else if (key === "Type" && open === null) type = value;
    else if (key === "Members" && type !== "") {
      open = { entries: [], exceptions: [] };
      sets.set(name, { type, ...open });
    } else if (open !== null && line.trim() !== "") {
      const [entry = "", ...options] = line.trim().split(" ");
      // What stands in quotes is a comment, and may say anything.
      const isExcepted = options
        .join(" ")
        .replaceAll(/"[^"]*"/g, "")
        .split(" ")
        .includes("nomatch");
      (isExcepted ? open.exceptions : open.entries).push(entry);
    }
  }
  return sets;
}
