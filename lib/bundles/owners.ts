import { basename } from "node:path";
import { linesOf } from "../linux/lines.js";
import { readBoundedText, unfence } from "./read-text.js";

/** A folder below which all is of one node, by what tools put there; the file that has the node's own name. */
const OF_ONE_NODE: readonly { readonly inside: RegExp; readonly hostname: readonly string[] }[] = [
  {
    inside: /^(.*?\/?)sos_commands\//,
    hostname: ["sos_commands/host/hostname", "hostname", "sos_commands/general/hostname", "etc/hostname"],
  },
  { inside: /^(.*?\/?)cmd\/[^/]+\.md$/, hostname: ["cmd/hostname.md", "cmd/hostname"] },
];

const NODE_FILE = /(?:^|\/)cluster-scoped-resources\/core\/nodes\/([^/]+)\.yaml$/;
/** Folders that say whose network namespace it is, or what is in them: not a node. */
const NO_NODE = /^(?:netns|pods?|namespaces|networking|captures|evidence|state|host)$/;

/** Whose files are whose, in a folder that others collected. */
export class Owners {
  readonly #nodes: ReadonlySet<string>;
  readonly #roots = new Map<string, string>();

  constructor(
    private readonly dir: string,
    private readonly files: readonly string[],
  ) {
    this.#nodes = new Set(files.flatMap((path) => NODE_FILE.exec(path)?.[1] ?? []));
  }

  /** The node of a file whose own name does not say it. */
  nodeOf(path: string): string {
    for (const { inside, hostname } of OF_ONE_NODE) {
      const root = inside.exec(path)?.[1];
      if (root !== undefined) return this.#ofRoot(root, hostname);
    }
    const folders = path.split("/").slice(0, -1);
    const named = folders.find((folder) => this.#nodes.has(folder));
    const at = folders.findIndex((folder) => /^(?:netns|pods?)$/.test(folder));
    const above = (at < 0 ? folders : folders.slice(0, at)).filter((folder) => !NO_NODE.test(folder));
    return named ?? above.at(-1) ?? basename(this.dir);
  }

  #ofRoot(root: string, hostname: readonly string[]): string {
    const known = this.#roots.get(root);
    if (known !== undefined) return known;
    const file = hostname.map((name) => root + name).find((path) => this.files.includes(path));
    const said = file === undefined ? "" : this.#firstWord(file);
    const name = said || (root.replace(/\/$/, "").split("/").at(-1) ?? "") || basename(this.dir);
    this.#roots.set(root, name);
    return name;
  }

  #firstWord(path: string): string {
    const text = unfence(readBoundedText(this.dir, path) ?? "");
    const name =
      linesOf(text)
        .map((line) => line.trim())
        .find((line) => line !== "" && !line.startsWith("#")) ?? "";
    return /^[\w.-]{1,253}$/.test(name) ? name : "";
  }
}
