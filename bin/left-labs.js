// The labs that a test process left up: it ended by its time limit or a signal, in front of its teardown.
import { join } from "node:path";

/** Takes down those whose names hold the process's pid, as tests name them; gives their names. */
export async function takeDownLeftLabs(root, pid) {
  const { downLab, listLabs } = await import(join(root, ".build/lib/lab/index.js"));
  const left = listLabs().filter(({ name }) => name.split("-").includes(String(pid)));
  for (const { name } of left) await downLab({ name });
  return left.map(({ name }) => name);
}
