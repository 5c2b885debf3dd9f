/** A client that starts captures and then only lives on, so that a test can kill it: NETNS WORK_DIR RUN_ID. */
import { openAccess } from "../../lib/access/registry.js";
import { startCaptures } from "../../lib/capture/session.js";
import { planLoop } from "./session-flow.js";
import { trustAll } from "../fixtures/trust.js";

const [netns = "", workDir = "", runId = ""] = process.argv.slice(2);
const access = await openAccess({ name: "one", access: { via: "local" } });
const plans = planLoop(netns, [["one", "lo"]], { runId, workDir, leaseSeconds: 3 });
await startCaptures(plans, { accesses: trustAll([access]), signal: new AbortController().signal });
process.stdout.write("capturing\n");
setInterval(() => undefined, 1000);
