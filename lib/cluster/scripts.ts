import { INSPECT_SCRIPT, RUN_SCRIPT } from "./crictl.js";
import { CNI_CACHE_SCRIPT } from "./inspect.js";
import { TOOLS_SCRIPT } from "./tools.js";

/** The constant scripts of this folder, by the name in their `$0`: the permission guard lets no other text pass. */
export const CLUSTER_SCRIPTS: Readonly<Record<string, string>> = {
  "hopbook-crictl": RUN_SCRIPT,
  "hopbook-inspectp": INSPECT_SCRIPT,
  "hopbook-cni-cache": CNI_CACHE_SCRIPT,
  "hopbook-tools": TOOLS_SCRIPT,
};
