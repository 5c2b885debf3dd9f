import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** The absolute path of a program on PATH; null where there is none. */
export function findProgram(name: string, path = process.env["PATH"] ?? ""): string | null {
  // A relative entry would mean whatever folder one stands in.
  for (const dir of path.split(delimiter).filter((entry) => isAbsolute(entry))) {
    const file = join(dir, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // The next one.
    }
  }
  return null;
}
