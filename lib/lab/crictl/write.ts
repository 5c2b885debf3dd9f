import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Topology } from "../topology/types.js";
import type { RuntimePod } from "./ids.js";
import { VERSION_TEXT, renderInfo } from "./info.js";
import { renderInspect } from "./inspect.js";
import { renderInspectp } from "./inspectp.js";
import { renderContainerItem, renderIndexLine, renderPodItem } from "./lists.js";
import { TABLE_PROGRAM } from "./program.js";

const pretty = (value: object): string => JSON.stringify(value, null, 2);

/** An entry of a list, without its last newline and indented as it stands in the list. */
const item = (value: object): string => pretty(value).replace(/^/gm, "    ");

/** Writes what a node's crictl answers from into `dir` (which becomes /run/lab/crictl on the node). */
export function writeCrictlFiles(dir: string, pods: readonly RuntimePod[], cni: Topology["cni"]): void {
  mkdirSync(join(dir, "pods"), { recursive: true });
  mkdirSync(join(dir, "containers"), { recursive: true });
  for (const pod of pods) {
    const sandbox = join(dir, "pods", pod.ids.sandboxId);
    const container = join(dir, "containers", pod.ids.containerId);
    writeFileSync(`${sandbox}.item`, item(renderPodItem(pod)));
    writeFileSync(`${sandbox}.json`, `${pretty(renderInspectp(pod))}\n`);
    writeFileSync(`${container}.item`, item(renderContainerItem(pod)));
    writeFileSync(`${container}.json`, `${pretty(renderInspect(pod))}\n`);
  }
  writeFileSync(join(dir, "index"), pods.map((pod) => `${renderIndexLine(pod)}\n`).join(""));
  writeFileSync(join(dir, "version"), VERSION_TEXT);
  writeFileSync(join(dir, "info.json"), `${pretty(renderInfo(cni))}\n`);
  writeFileSync(join(dir, "table.awk"), TABLE_PROGRAM);
}
