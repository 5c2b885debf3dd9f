import { existsSync } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeFolder } from "../artifacts/make-folder.js";
import { HopbookError } from "../errors.js";
import { unwritable } from "../files/failure.js";
import { RUNBOOK_DIR } from "./places.js";

export interface NewRunbookOptions {
  /** Letters, digits and dashes; it is what the runbook is run by. */
  readonly name: string;
  /** Folder that gets `runbooks/NAME.yaml`. */
  readonly dir: string;
}

export interface NewRunbook {
  readonly runbook: string;
  readonly test: string;
}

const TEMPLATE = "trace";
const NAME = /^[a-z][a-z0-9-]{0,62}$/;

/**
 * Makes a runbook and its test, which passes as it is. Nothing that is there is written over: then it throws
 * ARTIFACTS_UNWRITABLE and leaves neither.
 */
export async function newRunbook({ name, dir }: NewRunbookOptions): Promise<NewRunbook> {
  if (!NAME.test(name)) {
    throw new HopbookError("USAGE", `Cannot make a runbook of the name ${JSON.stringify(name)}`, {
      hint: "A name has lower-case letters, digits and dashes, and begins with a letter",
    });
  }
  // `hopbook run NAME` would be refused in this folder from then on: it could mean either.
  if (existsSync(join(RUNBOOK_DIR, `${name}.yaml`))) {
    throw new HopbookError("USAGE", `Cannot make a runbook of the name ${name}: it is one of hopbook's own`, {
      hint: `Take another name; a runbook that says extends: ${name} has all that it does not change`,
    });
  }
  const folder = join(resolve(dir), "runbooks");
  const [runbook, test] = [join(folder, `${name}.yaml`), join(folder, `${name}.test.yaml`)];
  const template = join(RUNBOOK_DIR, "templates", TEMPLATE);
  const text = (await readFile(`${template}.yaml`, "utf8")).replaceAll("my-runbook", name);
  const testText = (await readFile(`${template}.test.yaml`, "utf8")).replace(
    `./${TEMPLATE}.yaml`,
    `./${name}.yaml`,
  );
  try {
    makeFolder(folder, 0o777);
  } catch (error) {
    throw unwritable(folder, error, ELSEWHERE);
  }
  await writeNew(runbook, text);
  try {
    await writeNew(test, testText);
  } catch (error) {
    await rm(runbook, { force: true });
    throw error;
  }
  return { runbook, test };
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, "wx", 0o644);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unwritable(file, error, ELSEWHERE);
  }
}

const ELSEWHERE = {
  elsewhere: "a folder that can be written with --dir",
  whereTaken: "it otherwise: what is there stays as it is",
};
