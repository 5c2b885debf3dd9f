import t from "tap";
import { setFault } from "../../lib/lab/index.js";
import type { CheckFinding, Findings } from "../../lib/model/findings.js";
import { Bench, expectError } from "./bench.js";

/** Pods of two nodes ask one DNS Service, and one node's tunnel is broken. */

const bench = await Bench.open("pods");
t.teardown(() => bench.close());
const FROM = ["shop/client", "shop/cart", "shop/web"].flatMap((pod) => ["--from", pod]);

function run(...args: string[]): ReturnType<Bench["hopbook"]> {
  const more = ["--yes", "--output", "json", "--cluster", bench.lab.files.profile];
  return bench.hopbook("run", "trace-nodes", ...args, ...more);
}

async function judge(): Promise<CheckFinding> {
  const { stdout, stderr } = await run(...FROM, "--to", "10.96.0.10:53");
  const [check] = (JSON.parse(stdout || "{}") as Partial<Findings>).checks ?? [];
  if (check === undefined) throw new Error(stderr);
  return check;
}

t.test("each pod is answered, and one packet is followed from the pod to the server and back", async (t) => {
  const { status, message } = await judge();
  t.equal(status, "pass", message);
  t.match(message, /^[0-9]+ captures on 2 nodes: 3 of 3 ways are well; /);
  t.match(
    message,
    /UDP 192\.168\.174\.129:[0-9]+ → 10\.96\.0\.10:53.*: node-a pod eth0 0 µs, node-a cali[0-9a-f]+ [0-9]+ µs, node-a vxlan\.calico [0-9]+ µs, node-a eth0 [0-9]+ µs, node-b eth0 .*node-b pod eth0 [0-9]+ µs; UDP 192\.168\.218\.66:53 → .*: node-b pod eth0/,
  );
});

t.test("the pods of one node are lost at a known place, and those of the other are not", async (t) => {
  await setFault({ name: bench.name, fault: "fdb-missing", on: true });
  const judged = await judge();
  await setFault({ name: bench.name, fault: "fdb-missing", on: false });
  t.match(judged, {
    ...{ status: "fail", code: "ways-lost" },
    message:
      /: 1 of 3 ways are well; shop\/client → shop\/dns \(by 10\.96\.0\.10:53\) loses 4 of 4 packets between node-a vxlan\.calico and node-a eth0; shop\/cart → [^;]*loses 4 of 4 [^;]*$/,
  });
  t.ok((judged.next ?? []).length > 0);
});

t.test("wrong ends are refused, and nothing is touched", async (t) => {
  expectError(t, await run("--from", "shop/client", "--to", "shop/client:53"), {
    exit: 2,
    says: [/to oneself/],
  });
  expectError(t, await run("--from", "shop/clint", "--to", "10.96.0.10:53"), {
    exit: 5,
    says: [/did you mean shop\/client/],
  });
  await bench.expectClean(t);
});
