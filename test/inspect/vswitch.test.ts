import t from "tap";
import {
  argvOfGroup,
  groupCommands,
  planBaseline,
  planSuperset,
  planAudit,
  planInspection,
  runInspection,
} from "../../lib/inspect/index.js";
import type { Argv, ExecOptions, ExecResult, NodeAccess } from "../../lib/model/access.js";
import type { End } from "../../lib/model/cluster.js";
import type { FlowPath } from "../../lib/model/hops.js";
import { FLOW_TRACE_NAME } from "../../lib/linux/vswitch/flow-script.js";
import { SWITCH_TRACE_NAME } from "../../lib/linux/vswitch/trace-script.js";
import { trustAll } from "../fixtures/trust.js";

function end(pod: string, node: string, at: { readonly ip: string; readonly port: number | null }): End {
  return {
    ...{ kind: "pod", text: pod, pod, node, ...at, addresses: [at], hostNetwork: false },
    ...{ netns: { kind: "path", path: `/run/netns/${node}-pod` }, cniHostInterfaces: [] },
  };
}

function makePath(switched: FlowPath["switched"], ips = ["10.244.0.3", "10.244.1.3"]): FlowPath {
  const [near = "", far = ""] = ips;
  return {
    from: end("shop/client", "node-a", { ip: near, port: null }),
    to: end("shop/web", "node-b", { ip: far, port: 8080 }),
    ...{ recipe: "switched", hops: [], replyHops: null, underlay: {}, tunnels: {}, notes: [] },
    ...(switched === undefined ? {} : { switched }),
  };
}

const PORTS = { from: "shop_client", to: "shop_web" };
const traces = (path: FlowPath): string[] =>
  planAudit(path)
    .filter(({ kind }) => kind === "switch-trace")
    .map(({ node, argv }) => `${node}: ${argv.slice(3).join(" ")}`);

t.test("each node is asked of each protocol that the flow may have", async (t) => {
  const asked = (protocol: string): string =>
    `${SWITCH_TRACE_NAME} ${protocol} shop_client shop_web 10.244.0.3 10.244.1.3 8080`;
  t.strictSame(
    traces(makePath(PORTS)),
    ["node-a", "node-b"].flatMap((node) => ["icmp", "tcp", "udp"].map((one) => `${node}: ${asked(one)}`)),
  );
  t.match(traces(makePath(PORTS, ["fd00::3", "fd00::13"])), [
    / icmpv6 .* fd00::3 fd00::13 8080$/,
    / tcp /,
    / udp /,
  ]);
  const { to, ...rest } = makePath(PORTS);
  const portless = { ...rest, to: { ...to, port: null, addresses: [{ ip: to.ip, port: null }] } };
  t.match(traces(portless), [/ icmp .* 0$/, / icmp /], "without a port no protocol has one");
  const beyond = makePath({ from: "shop_client", to: null });
  t.match(traces(beyond)[1], / tcp shop_client {2}10\.244\.0\.3 /, "an end without a port of the switch");
  t.strictSame(traces(makePath(undefined)), []);
  t.strictSame(traces(makePath({ from: null, to: "shop_web" })), []);
});

t.test("the sender's own switch is asked in its pod's network namespace", async (t) => {
  const asked = planAudit(makePath(PORTS)).filter(({ kind }) => kind === "flow-trace");
  t.strictSame(
    groupCommands(asked).map((group) =>
      argvOfGroup(group)
        .filter((word) => word.length < 100)
        .join(" "),
    ),
    ["icmp", "tcp", "udp"].map(
      (one) =>
        `nsenter --net=/run/netns/node-a-pod sh -c ${FLOW_TRACE_NAME} ${one} shop_client 10.244.0.3 10.244.1.3 8080`,
    ),
  );
  t.strictSame(
    planAudit(makePath(undefined)).filter(({ kind }) => kind === "flow-trace"),
    [],
  );
});

t.test(
  "a loss on the sender's node asks its switch, wherever on that node; one on the other does not",
  async (t) => {
    const asked = (node: string): number => {
      const at = { node, role: "host-veth", interface: "ovn1" } as const;
      const lost = { status: "lost", direction: "request", lastSeen: at, firstMissing: null } as const;
      return planInspection(makePath(PORTS), lost).filter(({ kind }) => kind === "flow-trace").length;
    };
    t.equal(asked("node-a"), 3);
    t.equal(asked("node-b"), 0);
    const { from, ...rest } = makePath(PORTS);
    const hosted = { ...rest, from: { ...from, netns: null } };
    const at = { node: "node-a", role: "nic", interface: "eth0" } as const;
    t.strictSame(
      planInspection(hosted, {
        status: "lost",
        direction: "request",
        lastSeen: at,
        firstMissing: null,
      }).filter(({ kind }) => kind === "flow-trace"),
      [],
      "one that is in no pod has no port of the switch",
    );
  },
);

t.test("no name that could end the expression reaches it", async (t) => {
  for (const name of ['a" || 1', "$(id)", "a b", "-x", ""]) {
    t.strictSame(traces(makePath({ from: name, to: "shop_web" })), [], name);
    t.match(traces(makePath({ from: "shop_client", to: name }))[0], / icmp shop_client {2}10/, name);
  }
});

t.test("a script is a round trip of its own, planned as it is run", async (t) => {
  const at = { node: "node-b", role: "nic", interface: "eth0" } as const;
  const commands = planInspection(makePath(PORTS), {
    ...{ status: "lost", direction: "request", lastSeen: at, firstMissing: { ...at, role: "host-veth" } },
  });
  t.equal(commands.filter(({ kind }) => kind === "switch-trace").length, 6, "the other node's databases too");
  const planned = groupCommands(commands).map(argvOfGroup);
  const run: Argv[] = [];
  const access: Partial<NodeAccess> = {
    node: "node-a",
    exec: (argv: Argv, _: ExecOptions): Promise<ExecResult> => {
      run.push(argv);
      const result: Partial<ExecResult> = {
        ...{ argv, exitCode: 0, stdout: Buffer.from("trace"), stderr: Buffer.alloc(0) },
        ...{ canceled: false, timedOut: false, truncated: false },
      };
      return Promise.resolve(result as ExecResult);
    },
  };
  const saved = new Map<string, string>();
  const records = await runInspection(commands, {
    accesses: trustAll([access as NodeAccess]),
    save: (file, bytes) => void saved.set(file, Buffer.from(bytes).toString()),
  });
  const scripts = run.filter((argv) => argv[3] === SWITCH_TRACE_NAME);
  t.equal(scripts.length, 3);
  for (const argv of run)
    t.ok(
      planned.some((one) => one.join(" ") === argv.join(" ")),
      argv.slice(3, 6).join(" "),
    );
  const answered = records.filter(({ kind, exitCode }) => kind === "switch-trace" && exitCode === 0);
  t.strictSame(
    answered.map(({ file }) => saved.get(file)),
    ["trace", "trace", "trace"],
  );
});

t.test(
  "the kernel's load balancer is asked where packets to a Service or a node's port begin or come to",
  async (t) => {
    const asked = (kind: End["kind"]): string[] => {
      const path = makePath(undefined);
      return planAudit({ ...path, to: { ...path.to, kind } })
        .filter((command) => command.kind === "ipvs")
        .map(({ node, argv }) => `${node}: ${argv.join(" ")}`);
    };
    const both = ["node-a: cat /proc/net/ip_vs", "node-b: cat /proc/net/ip_vs"];
    t.strictSame([asked("pod"), asked("service"), asked("node")], [[], both, both]);
  },
);

t.test(
  "the CNI's agent is asked of pods whose packets programs take past the node's own tables",
  async (t) => {
    const asked = (path: FlowPath): string[] =>
      planAudit(path)
        .filter(({ kind }) => kind === "agent-policy")
        .map(({ node, argv }) => `${node}: ${argv.slice(3).join(" ")}`);
    const path = makePath(undefined);
    const hop = { node: "node-a", role: "host-veth", interface: "lxc1", passedBy: ["request"] };
    t.strictSame(asked(path), []);
    t.strictSame(asked({ ...path, hops: [hop as unknown as FlowPath["hops"][number]] }), [
      "node-a: hopbook-agent-policy 10.244.0.3",
      "node-b: hopbook-agent-policy 10.244.1.3",
    ]);
  },
);

t.test("what programs dropped is read before and after where they take packets on", (t) => {
  const asked = (commands: readonly { kind: string; node: string; netns: unknown }[]): string[] =>
    commands
      .filter(({ kind }) => kind === "agent-drops")
      .map(({ node, netns }) => `${node} ${String(netns)}`);
  const path = makePath(undefined);
  const hop = { node: "node-a", role: "host-veth", interface: "lxc1", passedBy: ["request"] };
  const passed = { ...path, hops: [hop as unknown as FlowPath["hops"][number]] };
  t.strictSame(asked(planBaseline([path])), []);
  t.strictSame(asked(planBaseline([passed])), ["node-a host", "node-b host"]);
  t.strictSame(asked(planSuperset(passed)), ["node-a host", "node-b host"]);
  t.end();
});
