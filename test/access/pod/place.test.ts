import t from "tap";
import { readFileSync } from "node:fs";
import { choosePlace, findNodePlace, readProbe, wrapForPlace } from "../../../lib/access/pod/place.js";
import { PLACE_PROGRAMS, SETUP_SCRIPT } from "../../../lib/access/pod/place-scripts.js";
import { TOOL_NAMES } from "../../../lib/linux/node/looks.js";
import type { Argv, ExecResult } from "../../../lib/model/access.js";

const answer = (stdout: string, exitCode = 0, stderr = ""): ExecResult => ({
  node: "n",
  argv: ["sh"],
  exitCode,
  signal: null,
  stdout: Buffer.from(stdout),
  stderr: Buffer.from(stderr),
  timedOut: false,
  canceled: false,
  truncated: false,
  startedAt: "",
  durationMs: 0,
});
const NODE = "node sh /bin/sh\nnode env /usr/bin/env\nnode tcpdump /usr/bin/tcpdump\n";

async function place(...answers: ExecResult[]): Promise<{ place: unknown; ran: Argv[] }> {
  const ran: Argv[] = [];
  const run = async (argv: Argv): Promise<ExecResult> => {
    ran.push(argv);
    return answers.shift() ?? answer("", 1);
  };
  return { place: await findNodePlace({ node: "n", via: "debugPod", image: "i:1", run }), ran };
}

t.test("a node with tcpdump is entered, after one command", async (t) => {
  const { place: found, ran } = await place(answer(`image sh\n${NODE}enter \nend\n`));
  t.same(found, { mode: "node" });
  t.equal(ran.length, 1);
  const argv = wrapForPlace({ mode: "node" }, ["ip", "route"]);
  t.equal(argv[0], "nsenter");
  t.equal(argv[argv.indexOf("--") + 1], "/usr/bin/env", "by its path: busybox would run an env of its own");
  t.same(argv.slice(-2), ["ip", "route"]);
});

t.test(
  "where the image has tcpdump alone its programs are used, and the node's where only it knows",
  async (t) => {
    const probe =
      "image sh\nimage tcpdump\nimage ip\nimage nft\nnode ip /sbin/ip\nnode nft /usr/sbin/nft\nnode crictl /opt/bin/crictl\n";
    const { place: found, ran } = await place(answer(`${probe}enter \nend\n`), answer(""));
    t.same(found, { mode: "image", fromNode: ["/usr/sbin/nft", "/opt/bin/crictl"] });
    t.same(ran[1]?.slice(-2), ["/usr/sbin/nft", "/opt/bin/crictl"]);
    const argv = wrapForPlace({ mode: "image", fromNode: [] }, ["tcpdump"]);
    t.same([argv[0], argv.at(-1)], ["env", "tcpdump"]);
    t.match(argv[2], /^PATH=\/run\/hopbook\/bin:/);
  },
);

t.test("a node without a shell lends its tcpdump to the image", async (t) => {
  const { node, image } = readProbe("image sh\nnode tcpdump /usr/sbin/tcpdump\nend\n");
  t.same(choosePlace({ node, image }), { mode: "image", fromNode: ["/usr/sbin/tcpdump"] });
});

t.test("what cannot be used is refused with what to do", async (t) => {
  await t.rejects(place(answer("image sh\nnode sh /bin/sh\nenter \nend\n")), {
    code: "TOOL_MISSING",
    message: "Cannot capture on n: neither the node nor image i:1 has tcpdump",
    hint: /images\.tools/,
    detail: /ssh.*toolbox.*podExec/s,
  });
  await t.rejects(place(answer(`${NODE}enter nsenter: reassociate: Operation not permitted\nend\n`)), {
    code: "NODE_UNREACHABLE",
    message: /reassociate: Operation not permitted/,
    hint: /privileged: true/,
  });
  await t.rejects(place(answer("image sh\n")), { code: "TOOL_MISSING" }, "the probe broke off");
  await t.rejects(place(answer("image sh\nimage tcpdump\nenter \nend\n"), answer("", 1, "ln: no space")), {
    code: "TOOL_MISSING",
    detail: /no space/,
  });
});

t.test("the tools image has every program that hopbook starts", async (t) => {
  const dockerfile = readFileSync(new URL("../../../images/tools/Dockerfile", import.meta.url), "utf8");
  const from: Record<string, string> = {
    tcpdump: "tcpdump",
    nsenter: "util-linux",
    ip: "iproute2",
    bridge: "iproute2",
    ss: "iproute2",
    tc: "iproute2",
    nstat: "iproute2",
    ping: "iputils-ping",
    curl: "curl",
    nc: "netcat-openbsd",
    ethtool: "ethtool",
    conntrack: "conntrack",
    nft: "nftables",
    ipset: "ipset",
    ipvsadm: "ipvsadm",
    sysctl: "procps",
    "iptables-save": "iptables",
  };
  const ofTheBase = /^(sh|bash|env|timeout|lsmod)$/;
  const ofTheNode = /^(crictl|ctr|docker|podman|nerdctl|chronyc|systemctl|journalctl|ovs-.*)$/;
  for (const program of new Set<string>([...PLACE_PROGRAMS, ...TOOL_NAMES])) {
    if (ofTheBase.test(program) || ofTheNode.test(program)) continue;
    const wanted = from[program.replace(/^ip6?tables-.*save$/, "iptables-save")];
    t.ok(wanted, `${program} comes from a package`);
    t.match(dockerfile, new RegExp(`[ \\n]${wanted}[ \\n]`), `${program}: ${String(wanted)}`);
  }
  for (const tool of TOOL_NAMES)
    t.ok((PLACE_PROGRAMS as readonly string[]).includes(tool), `${tool} is looked for`);
});

t.test("namespaces are found by the old path of run as well, in an image of few files", async (t) => {
  t.match(SETUP_SCRIPT, "[ -e /var/run ] || ln -s /run /var/run");
});
