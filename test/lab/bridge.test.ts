import t from "tap";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downLab, execInNode, execInPod, upLab } from "../../lib/lab/index.js";
import type { Verdict } from "../../lib/model/findings.js";
import { runRunbook } from "../../lib/run/run.js";

/** Two pods of one bridge: what the bridge itself does to their packets, which no route and no rule of the node tells. */

const name = `bridge-${String(process.pid)}`;
const lab = await upLab({ name, topology: "flannel-same-node" });
const out = mkdtempSync(join(tmpdir(), "hopbook-bridge-"));
t.teardown(async () => {
  await downLab({ name });
  rmSync(out, { recursive: true });
});

const portOf = (pod: string): string =>
  lab.nodes[0]?.pods.find((each) => each.name === pod)?.hostInterface ?? "";
const [client, web] = [portOf("client"), portOf("web")];

async function trace(to: string, probe = "tcp-connect"): Promise<Verdict | undefined> {
  const { findings } = await runRunbook({
    ...{ runbook: "trace-path", inputs: { from: "shop/client", to: [to], probe } },
    ...{ cluster: lab.files.profile, cwd: out, out, grants: { yes: true } },
    ...{ signal: new AbortController().signal, onEvent: () => undefined },
  });
  return findings.flows[0]?.verdict;
}

async function onNode(command: string): Promise<void> {
  const { exitCode, stderr } = await execInNode(lab, "node-a", command.split(" "));
  t.equal(exitCode, 0, `${command}: ${stderr}`);
}

/** The client asks anew who has an address: else what it knows lasts for a while. */
async function forget(): Promise<void> {
  const { exitCode, stderr } = await execInPod(lab, "shop/client", ["ip", "neigh", "flush", "all"]);
  t.equal(exitCode, 0, stderr);
}

const isolate = async (is: "on" | "off"): Promise<void> => {
  for (const port of [client, web]) await onNode(`bridge link set dev ${port} isolated ${is}`);
};

t.test("isolated ports, whose packets end at the bridge", async (t) => {
  t.match(await trace("shop/web:8080"), { status: "delivered" }, "the client knows the server's MAC by now");
  await isolate("on");
  t.teardown(() => isolate("off"));
  t.match(await trace("shop/web:8080", "ping"), {
    status: "lost",
    lastSeen: { interface: client },
    firstMissing: { interface: web },
    cause: { code: "bridge-ports-isolated" },
  });
});

t.test(
  "… and, where it does not, nothing leaves the client: it asks in vain who has the address",
  async (t) => {
    await isolate("on");
    await forget();
    t.teardown(() => isolate("off"));
    t.match(await trace("shop/web:8080"), {
      status: "inconclusive",
      lastSeen: null,
      firstMissing: { role: "pod", node: "node-a" },
      cause: { code: "bridge-ports-isolated" },
    });
  },
);

t.test("the client's own port is closed", async (t) => {
  await forget();
  await onNode(`bridge link set dev ${client} state 0`);
  t.teardown(() => onNode(`bridge link set dev ${client} state 3`));
  t.match(await trace("shop/web:8080"), {
    status: "inconclusive",
    cause: { code: "bridge-port-closed", summary: `node-a: cni0 passes nothing by its port ${client}, which is disabled` },
  }); // prettier-ignore
});

t.test("nobody has the address", async (t) => {
  await forget();
  t.match(await trace("10.244.0.99:8080"), {
    status: "inconclusive",
    cause: { code: "neighbour-silent", summary: /10\.244\.0\.99 on eth0 does not answer/ },
  });
});

const ruleInPod = async (action: string): Promise<void> => {
  const rule = "OUTPUT -p tcp --dport 8080 -j DROP".split(" ");
  const { exitCode, stderr } = await execInPod(lab, "shop/client", ["iptables", action, ...rule]);
  t.equal(exitCode, 0, stderr);
};

t.test("a rule in the client's own pod", async (t) => {
  await ruleInPod("-I");
  t.teardown(() => ruleInPod("-D"));
  t.match(await trace("shop/web:8080"), { status: "inconclusive", cause: { code: "netfilter-drop" } });
});

t.test(
  "a bridge that does not ask the node's rules: a Service's answers come back untranslated",
  async (t) => {
    const set = (value: string): Promise<void> =>
      onNode(`sysctl -w net.bridge.bridge-nf-call-iptables=${value}`);
    await set("0");
    t.teardown(() => set("1"));
    t.match(await trace("10.96.0.20:80"), { status: "rejected", cause: { code: "bridge-untranslated" } });
  },
);
