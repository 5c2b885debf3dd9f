/** A program that uses an access and then waits to be ended. Its argument: the target as JSON. */
import { openAccess } from "../../lib/access/registry.js";
import type { NodeTarget } from "../../lib/model/access.js";

const [target, how] = process.argv.slice(2);
const node = await openAccess(JSON.parse(target ?? "") as NodeTarget);
const stream = node.stream(["sh", "-c", 'echo "$$"; cat >/dev/null; echo ended'], { action: "test" });
for await (const line of stream.stdoutLines) {
  process.stdout.write(`${line}\n`);
  if (how === "exit") process.exit(0);
}
