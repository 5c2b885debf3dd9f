import { HopbookError } from "../../errors.js";
import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import { runOnNode } from "../run.js";
import type { CheckToolsOptions, NodeTools } from "./node.js";

/** $1…: folders. Prints the first that can be written, and its free KiB; nothing where none can. Leaves nothing. */
export const FOLDER_SCRIPT = `
for folder; do
  [ -d "$folder" ] && mkdir "$folder/hopbook-try-$$" 2>/dev/null || continue
  rmdir "$folder/hopbook-try-$$"
  printf '%s\\n' "$folder"
  df -Pk "$folder" 2>/dev/null | { read -r _; read -r _ _ _ free _; printf '%s\\n' "$free"; }
  break
done
exit 0
`;

/** Where a container can be written that has no /var/tmp, or a root file system that is read-only. */
const OTHER_FOLDERS = ["/tmp", "/dev/shm", "/run"] as const;
/** Programs without which nothing can be captured in a pod; there is no namespace to enter. */
const NEEDED = ["tcpdump", "timeout"] as const;

/**
 * What else has to be known of a pod that alone can be entered: where its captures can lie, and that it has what they
 * need. Throws TOOL_MISSING, which says what another way in would bring, and NODE_DISK_FULL without a writable folder.
 */
export async function checkPodTools(
  access: GuardedAccess,
  tools: NodeTools,
  options: CheckToolsOptions,
): Promise<NodeTools> {
  const missing = NEEDED.filter((tool) => tools.paths[tool] === null);
  if (missing.length > 0) throw podLacks(access, missing);
  const folders = [options.workDir, ...OTHER_FOLDERS.filter((folder) => folder !== options.workDir)];
  const argv: Argv = ["sh", "-c", FOLDER_SCRIPT, "hopbook-tools-folder", ...folders];
  const doing = "look for a folder that can be written";
  const result = await runOnNode(access, argv, { action: "netns/read", doing, signal: options.signal });
  const [found = "", freeKiB = ""] = result.stdout.toString("utf8").split("\n");
  const workDir = folders.find((folder) => folder === found);
  const freeDiskBytes = /^\d{1,15}$/.test(freeKiB) ? Number(freeKiB) * 1024 : null;
  if (workDir !== undefined) return { ...tools, workDir, freeDiskBytes };
  throw new HopbookError(
    "NODE_DISK_FULL",
    `Cannot capture in ${access.node}: none of ${folders.join(", ")} can be written`,
    {
      where: { node: access.node },
      hint:
        access.via === "podExec"
          ? "Enter the pod by access.via: ephemeral, whose container can be written"
          : "Name a folder that can be written with workDir in the cluster profile",
    },
  );
}

function podLacks(access: GuardedAccess, missing: readonly string[]): HopbookError {
  const hint =
    access.via === "podExec"
      ? "Enter the pod by access.via: ephemeral, which brings the programs of images.tools, or its node by debugPod"
      : "Name an image with tcpdump, iproute2, bash and coreutils as images.tools in the cluster profile";
  return new HopbookError(
    "TOOL_MISSING",
    `Cannot capture in ${access.node}: it has no ${missing.join(", no ")}`,
    {
      where: { node: access.node },
      hint,
    },
  );
}
