import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";

/** What a CNI calls its devices is data of runbooks/cni; the engine knows none of it. The lab builds them. */
const NAMES = /\bcali\b|cali\*|["'`]cali|vxlan\.calico|flannel|cilium|["'`]lxc|["'`]eni|genev_sys|\bcni0\b/i;

t.test("the engine knows no CNI's interface names", (t) => {
  for (const folder of ["cluster", "hops", "capture", "inspect", "plan", "engine", "steps"]) {
    const root = join(import.meta.dirname, "../../lib", folder);
    for (const file of readdirSync(root, { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts")) continue;
      const lines = readFileSync(join(root, file), "utf8").split("\n");
      const found = lines.filter((line) => NAMES.test(line) && !/^\s*(\/\/|\/?\*)/.test(line));
      t.strictSame(found, [], `lib/${folder}/${file}`);
    }
  }
  t.end();
});
