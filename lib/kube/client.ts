import { createRequire } from "node:module";
import type * as Library from "@kubernetes/client-node";

let library: typeof Library | undefined;

/**
 * The client library, loaded when a cluster is first spoken to: it has 800 modules, and most commands of hopbook never
 * need one. `require` and not `import()`, so that what opens a cluster need not wait.
 */
export function kubeLibrary(): typeof Library {
  return (library ??= createRequire(import.meta.url)("@kubernetes/client-node") as typeof Library);
}
