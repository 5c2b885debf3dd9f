import { createHook } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";

/** What this machine works on for the replay, as far as Node tells. */
export interface Works {
  /** Files are read or written. */
  readonly onFiles: () => boolean;
  /** Programs run, as those of scripts do, which may be computing or waiting for us. */
  readonly onPrograms: () => boolean;
  /** Nobody asks any more. */
  readonly end: () => void;
}

/** What asks the thread pool for files, as Node's async_hooks call it. */
const FILE_WORKS: ReadonlySet<string> = new Set(["FSREQPROMISE", "FSREQCALLBACK", "FILEHANDLECLOSEREQ"]);

/** What begins from now on. Files are no longer in Node's list of active resources since version 26. */
export function watchWorks(): Works {
  const files = new Set<number>();
  const isOver = (id: number): void => void files.delete(id);
  const hooks = {
    init: (id: number, type: string) => void (FILE_WORKS.has(type) && files.add(id)),
    before: isOver,
    destroy: isOver,
    // Known from Node 24 on: what promises do is not asked for.
    trackPromises: false,
  };
  const hook = createHook(hooks).enable();
  return {
    onFiles: () => files.size > 0,
    onPrograms: () => process.getActiveResourcesInfo().includes("ProcessWrap"),
    end: () => void hook.disable(),
  };
}

/** Compression and the like show in no list: a few looks in a row, in which nothing happened, have to agree. */
const LOOKS = 8;
const LOOK_EVERY_MS = 2;
/** Most files are read before a timer would go off. */
const QUICK_LOOKS = 20;
/** Of a program of which nothing is heard: nobody can see whether it computes. */
const PROGRAM_PATIENCE_MS = 5000;

/** Resolves once no file is worked on; false where something happened meanwhile (`count` went up). */
export async function filesDone({ onFiles }: Works, count: () => number): Promise<boolean> {
  const before = count();
  for (let looks = 0; onFiles() && count() === before; looks += 1)
    await (looks < QUICK_LOOKS ? turn() : delay(LOOK_EVERY_MS));
  return count() === before;
}

/** Resolves with true once nothing goes on at all, with false as soon as something happened. */
export async function isAtRest(works: Works, count: () => number): Promise<boolean> {
  const before = count();
  const startedMs = performance.now();
  for (let looks = 0; looks < LOOKS; looks += 1) {
    await turn();
    await delay(LOOK_EVERY_MS);
    if (count() !== before) return false;
    const isHeld = works.onPrograms() && performance.now() - startedMs < PROGRAM_PATIENCE_MS;
    if (isHeld || works.onFiles()) looks = 0;
  }
  return true;
}

/** Lets all that was given take its effect: promises, and what waits for the next turn of the loop. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}
