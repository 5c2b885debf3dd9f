import { visible } from "../model/visible.js";
import type { Plan } from "./plan.js";

/** Of what a step does; when and whether it does it stands in its first line. */
const SHOWN = /^\/(uses|with|run|on|script|env|if|strategy|outputs)(\/|$)/;

/** `set by: FILE`, and below it `LINE with/duration` for each value of a step, by file. */
export function listStepOrigins(plan: Plan, index: number): string[] {
  const { origins = {}, steps } = plan;
  const firstAlways = steps.findIndex(({ always }) => always);
  const isAlways = firstAlways >= 0 && index >= firstAlways;
  const pointer = isAlways ? `/finally/${index - firstAlways}` : `/steps/${index}`;
  const byFile = new Map<string, string[]>();
  for (const [path, { file, line }] of Object.entries(origins)) {
    const rest = path.slice(pointer.length);
    if (!path.startsWith(`${pointer}/`) || !SHOWN.test(rest)) continue;
    byFile.set(file, [...(byFile.get(file) ?? []), `${rest.slice(1)}:${line}`]);
  }
  return [...byFile].map(([file, values]) => `  set by ${visible(file)}: ${visible(values.join(" "))}`);
}
