import type { HopbookError } from "../errors.js";
import { visible } from "../model/visible.js";

const MAX_SHOWN = 5;

/** Labs that are up, where an error is about a cluster or a lab that was not found; else nothing. */
export async function describeLabsUp(error: HopbookError): Promise<string> {
  if (error.code !== "CLUSTER_NOT_FOUND" && error.code !== "LAB_FAILED") return "";
  try {
    const { listLabs } = await import("../api/lab.js");
    const up = listLabs().filter(({ status }) => status === "up");
    const lines = up.slice(0, MAX_SHOWN).map(({ name, state }) => {
      const profile = state === null ? "" : `: --cluster ${state.files.profile}`;
      return `  ${visible(`${name}${profile}`)}\n`;
    });
    return lines.length === 0 ? "" : `labs that are up:\n${lines.join("")}`;
  } catch {
    // The error itself is what the person has to see.
    return "";
  }
}
