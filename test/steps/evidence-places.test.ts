import t from "tap";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A run may have several steps of a kind: what a step finds lies in a file of its own, `stepEvidence`. */

const STEPS = fileURLToPath(new URL("../../lib/steps/", import.meta.url));
/** Of the run as a whole, whichever step writes them. */
const OF_THE_RUN = ["drops", "flows", "policies"];

t.test("no step writes where another one does", async (t) => {
  const files = readdirSync(STEPS, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  t.ok(files.length > 50);
  const written = files.flatMap((file) =>
    [...readFileSync(`${STEPS}${file}`, "utf8").matchAll(/writeJson\(\s*"evidence\/([^"]+)\.json"/g)].map(
      ([, name]) => name!,
    ),
  );
  t.strictSame([...new Set(written)].sort(), OF_THE_RUN);
});
