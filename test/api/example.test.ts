import t from "tap";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as hopbook from "../../lib/index.js";

const EXAMPLE = join(import.meta.dirname, "../../docs/examples/trace.js");

t.test("the example imports what the library exports", (t) => {
  const text = readFileSync(EXAMPLE, "utf8");
  const names = /import \{ ([^}]+) \} from "hopbook"/.exec(text)?.[1]?.split(", ") ?? [];
  t.ok(names.length > 0);
  for (const name of names) t.ok(Object.hasOwn(hopbook, name), name);
  t.end();
});
