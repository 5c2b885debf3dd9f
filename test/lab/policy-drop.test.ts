import t from "tap";
import { setFault } from "../../lib/lab/index.js";
import type { CheckFinding, Findings } from "../../lib/model/findings.js";
import { Bench, expectError } from "./bench.js";

/** Policies, closed ports and a free way, and what policy-drop calls each. */

const bench = await Bench.open("policy");
t.teardown(() => bench.close());
const FROM = ["--from", "shop/client", "--from", "shop/cart"];

function run(...args: string[]): ReturnType<Bench["hopbook"]> {
  const more = ["--yes", "--output", "json", "--cluster", bench.lab.files.profile];
  return bench.hopbook("run", "policy-drop", ...args, ...more);
}

async function judge(fault: string | null, ...args: string[]): Promise<CheckFinding> {
  if (fault !== null) await setFault({ name: bench.name, fault, on: true });
  const { stdout, stderr } = await run(...args);
  if (fault !== null) await setFault({ name: bench.name, fault, on: false });
  const [check] = (JSON.parse(stdout || "{}") as Partial<Findings>).checks ?? [];
  if (check === undefined) throw new Error(stderr);
  return check;
}

t.test("without a policy each gets through to each", async (t) => {
  const judged = await judge(null, ...FROM, "--to", "shop/web:8080", "--to", "shop/dns:53");
  t.match(judged, { status: "pass", message: /^4 of 4 ways get through; / });
});

t.test("a NetworkPolicy is named, and the way that it does not concern is free", async (t) => {
  const judged = await judge("forward-drop-b", ...FROM, "--to", "shop/web:8080", "--to", "shop/cart");
  t.match(judged, {
    ...{ status: "fail", code: "policy-denied" },
    message:
      /^1 of 3 ways get through, 2 end at a rule; shop\/client → shop\/web:8080 is lost between node-b .*NetworkPolicy shop\/deny-web ingress/,
  });
  t.ok((judged.next ?? []).length > 0);
});

t.test("a rule within the pod, seen from the pods of another node", async (t) => {
  const judged = await judge("pod-input-drop", "--from", "shop/client", "--to", "shop/web:8080");
  t.match(judged, { code: "policy-denied", message: /is unanswered \(read on shop\/web: .*app firewall/ });
});

t.test("what is no rule's doing is told apart", async (t) => {
  for (const [fault, says] of [
    [
      "closed-port",
      /1 ends elsewhere; shop\/client → shop\/web:8080 is rejected by 192\.168\.218\.65 \(TCP RST\)/,
    ],
    ["fdb-missing", /1 ends elsewhere; shop\/client → shop\/web:8080 is lost between node-a vxlan/],
  ] as const) {
    const judged = await judge(fault, "--from", "shop/client", "--to", "shop/web:8080");
    t.match(judged, { code: "policy-other", message: says }, fault);
  }
});

t.test("wrong ends are refused, and nothing is touched", async (t) => {
  const client = ["--from", "shop/client"];
  // The servers that a fault stopped run again, as other processes.
  bench.acceptPresent();
  expectError(t, await run(...client, "--to", "shop/client:80"), { exit: 2, says: [/none but to oneself/] });
  expectError(t, await run(...client, "--to", "shop/wep:80"), {
    exit: 5,
    says: [/did you mean shop\/web:80/],
  });
  await bench.expectClean(t);
});
