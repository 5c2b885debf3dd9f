import { dirname, extname, join, resolve } from "node:path";
import type { HopbookError } from "../errors.js";
import { assertValid, invalid, readReferred, type SourceDocument } from "../document/index.js";
import { findNamed } from "./find.js";

/** Runbooks that one may stand on. More than a few are more than anybody can follow. */
const MAX_BASES = 8;

/** The files that a runbook's name may mean, the nearest one first. */
export type BaseFinder = (name: string) => Promise<readonly string[]>;

/**
 * A runbook and those it extends, the bottom one first. A name means the nearest runbook of that name, beside the file
 * that says it or by `findBases`, that is not in the chain already: one can extend that which it stands in front of. Throws DOCUMENT_INVALID (a circle, a
 * chain without end, no runbook) or FILE_UNREADABLE at the line that says `extends`.
 */
export async function readChain(top: SourceDocument, findBases: BaseFinder): Promise<SourceDocument[]> {
  const chain = [top];
  let document = top;
  for (let base = extendsOf(top); base !== undefined; base = extendsOf(document)) {
    assertValid(document, "runbook-extension");
    if (chain.length > MAX_BASES) {
      throw refuse(chain, `it extends more than ${MAX_BASES} runbooks, one on top of the other`);
    }
    document = await readBase(await findBase(base, chain, findBases), chain);
    chain.unshift(document);
  }
  return chain;
}

/** What a document says it extends; undefined where it stands by itself. */
export function extendsOf({ data }: SourceDocument): unknown {
  return (data as { extends?: unknown } | null)?.extends;
}

async function findBase(
  base: unknown,
  chain: readonly SourceDocument[],
  findBases: BaseFinder,
): Promise<string> {
  const [current] = chain as readonly [SourceDocument];
  const name = String(base);
  const isPath = /^\.{1,2}\//.test(name);
  if (isPath && ![".yaml", ".yml"].includes(extname(name))) {
    throw refuse(chain, "a runbook's file ends in .yaml or .yml");
  }
  if (!isPath && !/^[a-z][a-z0-9-]*$/.test(name)) {
    throw refuse(chain, "it must be the name of a runbook, or a path that begins with ./ or ../");
  }
  const folder = dirname(current.file);
  const found = isPath
    ? [join(folder, name)]
    : [...(await findNamed(name, [folder])), ...(await findBases(name))];
  const taken = new Set(chain.map(({ file }) => resolve(file)));
  const free = found.find((file) => !taken.has(resolve(file)));
  if (free !== undefined) return free;
  const [again] = found;
  if (again === undefined) throw refuse(chain, `there is no runbook ${JSON.stringify(name)}`);
  if (!isPath && found.every((file) => resolve(file) === resolve(current.file))) {
    throw refuse(chain, `there is no other runbook ${JSON.stringify(name)}`);
  }
  const files = [...chain.map(({ file }) => file).reverse(), again];
  throw refuse(chain, `it goes in a circle: ${files.join(" → ")}`);
}

async function readBase(file: string, chain: readonly SourceDocument[]): Promise<SourceDocument> {
  const document = await readReferred(file, (message) => refuse(chain, message));
  const kind = (document.data as { kind?: unknown } | null)?.kind;
  if (kind !== "Runbook") {
    throw refuse(chain, `${file} is no runbook: its kind is ${JSON.stringify(kind) ?? "not said"}`);
  }
  return document;
}

function refuse([current]: readonly SourceDocument[], message: string): HopbookError {
  return invalid(current as SourceDocument, [{ path: ["extends"], message }]);
}
