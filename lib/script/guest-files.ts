import { fileURLToPath } from "node:url";

/** This file is TypeScript where hopbook is run from its source, and so is the guest then. */
const EXTENSION = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

/** What runs beside a script in its sandbox: data here, a program there. */
export const SCRIPT_GUEST = {
  dir: fileURLToPath(new URL("./guest", import.meta.url)),
  files: ["main", "api", "script"].map((name) => name + EXTENSION),
  provides: { "hopbook/script": `script${EXTENSION}` },
} as const;
