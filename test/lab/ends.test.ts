import t from "tap";
import { Ajv2020 } from "ajv/dist/2020.js";
import { readFileSync } from "node:fs";
import type { Attachments } from "../../lib/model/cni/attachment.js";
import type { Findings } from "../../lib/model/findings.js";
import { Bench, expectError } from "./bench.js";

/** Ends other than two pods of two nodes, as a person asks for them. */

const SCHEMA = new URL("../../schemas/attachments.json", import.meta.url);
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(SCHEMA, "utf8")) as object,
);

const bench = await Bench.open("ends");
t.teardown(() => bench.close());

async function flowsOf(from: string, to: string): Promise<Findings["flows"]> {
  const { stdout } = await bench.run("--from", from, "--to", to, "--output", "json");
  return (JSON.parse(stdout) as Findings).flows;
}

t.test("one end: what the pod hangs on, by methods that agree", async (t) => {
  const asked = ["hops", "shop/client", "--cluster", bench.lab.files.profile, "--yes"];
  const { stdout } = await bench.hopbook(...asked, "--output", "json");
  const found = JSON.parse(stdout) as Attachments;
  t.ok(validate(found), JSON.stringify(validate.errors));
  const [own] = found.pods[0]?.interfaces ?? [];
  t.equal(own?.agree, true);
  const text = await bench.hopbook(...asked);
  t.ok(text.stdout.startsWith(`shop/client's eth0 is ${String(own?.hostInterface)} on node-a\n`));
  const all = await bench.hopbook("hops", "node/node-a", ...asked.slice(2), "--output", "json");
  t.strictSame(
    (JSON.parse(all.stdout) as Attachments).pods.map(({ pod }) => pod),
    ["shop/cart", "shop/client"],
  );
});

t.test("a pod and itself by its Service", async (t) => {
  const [flow] = await flowsOf("shop/web", "10.96.0.20:80");
  t.equal(flow?.verdict.status, "delivered");
  t.equal(flow?.hops.length, 2);
});

t.test("what left the cluster and is not answered: by which device, and as whom", async (t) => {
  const [flow] = await flowsOf("shop/client", "203.0.113.99:80");
  t.match(flow?.verdict, { status: "unanswered", lastSeen: { node: "node-a", role: "nic" } });
  t.match(flow?.rewrites?.[0]?.source, { is: "10.77.0.11" });
  t.match(flow?.verdict.next?.join("\n"), /left the cluster by eth0 as 10\.77\.0\.11/);
});

t.test("from outside nothing can be sent", async (t) => {
  const ended = await bench.run("--from", "203.0.113.10", "--to", "shop/web:8080");
  expectError(t, ended, {
    exit: 2,
    says: [/no pod or node of the cluster has that address/, /--no-traffic --watch/],
  });
});
