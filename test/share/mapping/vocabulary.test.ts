import t from "tap";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isWord } from "../../../lib/share/mapping/vocabulary.js";

const RUNBOOKS = join(import.meta.dirname, "../../../runbooks");

t.test("a key of a runbook is a word: a pod or a part of a URL that is called so breaks no file", (t) => {
  for (const file of readdirSync(RUNBOOKS).filter((name) => name.endsWith(".yaml"))) {
    const text = readFileSync(join(RUNBOOKS, file), "utf8");
    const keys = [...text.matchAll(/^\s*(?:- )?([A-Za-z][\w-]*):(?: |$)/gm)].map(([, key = ""]) =>
      key.toLowerCase(),
    );
    t.strictSame(
      [...new Set(keys)].filter((key) => !isWord(key)),
      [],
      file,
    );
  }
  t.end();
});
