import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A recorded run with a policy's drop on node-b: its captures and its looks at the nodes. */
const RUN = join(import.meta.dirname, "../../docs/example-runs/policy-drop");

const LOOKS = ["addresses", "links", "routes", "rules", "iptables", "sockets"] as const;

/** The run asked node-a for no routes: nothing was lost there. */
const ROUTES =
  "default via 10.77.0.1 dev eth0 \n192.168.218.64/26 via 192.168.218.64 dev vxlan.calico onlink \n";

/** What was read of a node, by look. */
function looksOf(node: string): readonly (readonly [(typeof LOOKS)[number], string])[] {
  const files = readdirSync(join(RUN, "evidence", node));
  return LOOKS.flatMap((look): (readonly [typeof look, string])[] => {
    const file = files.findLast((name) => name.startsWith(`after-host-${look}.`));
    return file === undefined
      ? look === "routes"
        ? [[look, ROUTES]]
        : []
      : [[look, readFileSync(join(RUN, "evidence", node, file), "utf8")]];
  });
}

/** Puts the run's captures into a folder, and its looks where `place` says. */
export function layOut(dir: string, place: (node: string, look: string) => string): string {
  cpSync(join(RUN, "captures"), join(dir, "pcaps"), { recursive: true });
  for (const node of ["node-a", "node-b"])
    for (const [look, text] of looksOf(node)) {
      const file = join(dir, place(node, look));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  return dir;
}
