// Which test files share a process: those of one room, since most of a file's time is loading what its neighbours load too.

import { fileURLToPath } from "node:url";

const BUILT = fileURLToPath(new URL("../.build/", import.meta.url));
const SEVERAL = fileURLToPath(new URL("test-group.js", import.meta.url));

/** Files together in a process at most, so that all cores have something to do until the end. */
const MOST = 12;
/** Tests that look at what a whole process is, has or leaves behind: its descriptors, folders, environment, memory. */
const ALONE =
  /^test\/(access|hostile|replay|sandbox|process)\/|^test\/[^/]+$|unpack|\.slow\.|^test\/(lab|cluster)\//;
/** The longest of the others: a group with one of them would end last. */
const LONG = ["packets/packed", "catalogue/scripts"].map((name) => `test/${name}.test.ts`);

/** `[[FILE…]…]`: all of `files`, each once, in their order. */
export function groupTests(files) {
  const groups = [];
  const open = new Map();
  for (const file of files) {
    const room = file.split("/")[1];
    const group = open.get(room);
    if (ALONE.test(file) || LONG.includes(file)) groups.push([file]);
    else if (group !== undefined && group.length < MOST) group.push(file);
    else {
      const begun = [file];
      groups.push(begun);
      open.set(room, begun);
    }
  }
  return groups;
}

/** What Node runs for a group: a file by itself, or one after the other. */
export function programOf(files) {
  const [first] = files;
  return files.length > 1 ? [SEVERAL, ...files] : [`${BUILT}${first.replace(/\.ts$/, ".js")}`];
}

/** What the group is called: its file, or its room and how many. */
export function nameGroup(files) {
  const [first, ...others] = files;
  return others.length === 0 ? first : `${first} and ${others.length} more of ${first.split("/")[1]}/`;
}

/** `[[FILE, MS]…]`: how long each file of a group took, by the TAP of its process. */
export function readFileTimes(tap) {
  return [...tap.matchAll(/^(?:not )?ok \d+ - (test\/\S+) # time=([\d.]+)ms/gm)].map(([, file, ms]) => [
    file,
    Math.round(Number(ms)),
  ]);
}
