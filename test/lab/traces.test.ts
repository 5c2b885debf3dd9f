import t from "tap";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { DROPTRACE_SCRIPT } from "../../lib/capture/droptrace-agent.js";
import { downLab, upLab } from "../../lib/lab/index.js";
import { waitUntil } from "../fixtures/patience.js";

t.test("a lab that goes down in mid-trace takes the trace instance with it", async (t) => {
  const name = `traces-${process.pid}`;
  const lab = await upLab({ name, topology: "calico-vxlan" });
  t.teardown(() => downLab({ name }));
  const node = lab.nodes[0];
  if (node === undefined) throw new Error("the lab has no node");
  const instance = `hopbook-traces${process.pid}-node-a`;
  // The machine itself need not have tracefs mounted, and a lab's node is gone in the end: another lab's has it.
  const witness = await upLab({ name: `${name}-w`, topology: "calico-vxlan" });
  t.teardown(() => downLab({ name: `${name}-w` }));
  const instances = `/proc/${witness.nodes[0]?.pid}/root/sys/kernel/tracing/instances`;
  if (!existsSync(instances)) return t.comment("this machine has no tracefs");
  const path = `${instances}/${instance}`;
  const agent = ["sh", "-c", DROPTRACE_SCRIPT, "hopbook-droptrace", instance, "20", "64", "1000", ""];
  const child = spawn("nsenter", ["-t", String(node.pid), "-m", "-u", "-i", "-n", "-p", "--", ...agent], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  t.ok(await waitUntil(() => existsSync(path)), "the instance is there");
  const foreign = `${instances}/hopbook-foreign${process.pid}`;
  mkdirSync(foreign);
  t.teardown(() => rmdirSync(foreign));
  await downLab({ name });
  t.notOk(existsSync(path), "the instance is gone");
  t.ok(existsSync(foreign), "that of another is left alone");
  child.kill("SIGKILL");
});
