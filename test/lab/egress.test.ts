import t from "tap";
import { execInNode } from "../../lib/lab/index.js";
import type { CheckFinding, Findings } from "../../lib/model/findings.js";
import { Bench, expectError } from "./bench.js";

/** A pod and the world outside, faults at known places, and what egress calls them. */

const bench = await Bench.open("egress");
t.teardown(() => bench.close());
const OUTSIDE = ["--from", "shop/client", "--to", "203.0.113.10:80"];

function run(...args: string[]): ReturnType<Bench["hopbook"]> {
  const more = ["--yes", "--output", "json", "--cluster", bench.lab.files.profile];
  return bench.hopbook("run", "egress", ...args, ...more);
}

async function iptables(...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await execInNode(bench.lab, "node-a", ["iptables", ...args]);
  if (exitCode !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
}

/** While the rules are there. */
async function judge(rules: readonly (readonly string[])[], ...args: string[]): Promise<CheckFinding> {
  for (const rule of rules) await iptables("-I", ...rule);
  const { stdout, stderr } = await run(...(args.length === 0 ? OUTSIDE : args));
  for (const rule of rules) await iptables("-D", ...rule);
  const [check] = (JSON.parse(stdout || "{}") as Partial<Findings>).checks ?? [];
  if (check === undefined) throw new Error(stderr);
  return check;
}

t.test("it leaves as the node and is answered, and so does what the node sends", async (t) => {
  t.match(await judge([]), {
    status: "pass",
    message:
      /^shop\/client → 203\.0\.113\.10:80 \(tcp-connect\) left by node-a eth0 as 10\.77\.0\.11 and was answered within [0-9.]+ ms; node-a → .* with its own address 10\.77\.0\.11 and was answered/,
  });
});

const FROM_OUTSIDE = ["-s", "203.0.113.0/24", "-j", "DROP"] as const;
t.test("where it ends is named", async (t) => {
  for (const [rules, code, says] of [
    [
      [["FORWARD", "-d", "203.0.113.0/24", "-j", "DROP"]],
      "egress-not-left",
      /shop\/client .* did not leave: lost between node-a cali\S+ and node-a eth0; node-a → .* was answered/,
    ],
    [
      [
        ["FORWARD", ...FROM_OUTSIDE],
        ["INPUT", ...FROM_OUTSIDE],
      ],
      "egress-reply-lost",
      /what came back was lost between node-a eth0 and node-a cali.*; node-a → .*, and what came back there got no further/,
    ],
  ] as const) {
    const judged = await judge(rules);
    t.match(judged, { status: "fail", code, message: says });
    t.ok((judged.next ?? []).length > 0);
  }
});

t.test("nobody is there, and what does not leave at all", async (t) => {
  const gone = await judge([], "--from", "node/node-a", "--to", "203.0.113.99:80");
  t.match(gone, { code: "egress-refused", message: /was refused by 10\.77\.0\.1 \(ICMP host unreachable\)/ });
  const inside = await judge([], "--from", "shop/client", "--to", "192.168.218.65:8080", "--no-node");
  t.match(inside, {
    status: "warn",
    code: "egress-not-known",
    message: /is in the cluster, and does not leave it/,
  });
});

t.test("nothing masquerades the pod", async (t) => {
  await iptables("-t", "nat", "-F", "cali-nat-outgoing");
  t.match(await judge([]), {
    code: "egress-no-answer",
    message: /with its own address 192\.168\.174\.129, and nothing came back: nothing put a node's address/,
  });
});

t.test("what is no address is refused, and nothing is touched", async (t) => {
  expectError(t, await run("--from", "shop/client", "--to", "shop/web:8080"), {
    exit: 2,
    says: [/to.*shop\/web:8080/],
  });
  expectError(t, await run("--to", "203.0.113.10:80"), { exit: 2, says: [/required and missing: from/] });
  await bench.expectClean(t);
});

t.test(
  "an address of Services that none has is said to be that; one whose Service has no endpoint is not",
  async (t) => {
    const trace = async (to: string): Promise<{ stderr: string; findings: Findings }> => {
      const more = ["--yes", "--output", "json", "--cluster", bench.lab.files.profile];
      const { stdout, stderr } = await bench.hopbook(
        "run",
        "trace-path",
        "--from",
        "shop/client",
        "--to",
        to,
        ...more,
      );
      return { stderr, findings: JSON.parse(stdout) as Findings };
    };
    const stray = await trace("10.96.0.99:80");
    t.match(
      stray.stderr,
      "10.96.0.99 belongs to no Service: it lies beside the ClusterIP 10.96.0.22, by node-a's rules",
    );
    t.match(stray.findings.flows[0]?.verdict, { status: "unanswered", cause: { code: "no-service" } });
    await iptables("-A", "KUBE-SERVICES", "-d", "10.96.0.98/32", "-j", "REJECT");
    const refused = await trace("10.96.0.98:80");
    await iptables("-D", "KUBE-SERVICES", "-d", "10.96.0.98/32", "-j", "REJECT");
    t.notMatch(refused.stderr, "belongs to no Service");
    t.not(refused.findings.flows[0]?.verdict.cause?.code, "no-service");
  },
);
