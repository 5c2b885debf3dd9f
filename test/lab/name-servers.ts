import { copyFileSync, linkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execInNode, execInPod, type LabState } from "../../lib/lab/index.js";
import { buildProgram } from "../cluster/programs.js";
import { untilInShell } from "../fixtures/patience.js";

/** A real CoreDNS in the place of the lab's own name server, one behind it, and one on the node as NodeLocal DNSCache is. */

/** As of the NodeLocal DNSCache that kubeadm's users have. */
export const NODE_LOCAL = "169.254.20.10";
const NODE_LOCAL_DEVICE = "nodelocaldns";
/** How long the upstream that a Corefile calls slow takes for each answer. */
const SLOW_MS = 1200;

const ZONE = `$ORIGIN cluster.local.
@ 3600 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5
web.shop.svc 5 IN A 10.96.0.20
kubernetes.default.svc 5 IN A 10.96.0.1
text.shop.svc 5 IN TXT "no address"
${Array.from({ length: 60 }, (_, index) => `many.shop.svc 5 IN A 10.0.1.${index + 1}`).join("\n")}
`;
const OUTSIDE_ZONE = `$ORIGIN example.org.
@ 3600 IN SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 5
api 60 IN A 203.0.113.10
`;

/** What follows stands in the server block of all names that are not the cluster's. */
const UPSTREAMS = {
  quick: "forward . 127.0.0.1:5302 { prefer_udp }",
  slow: "forward . 127.0.0.1:5301 { prefer_udp }",
  // Nobody listens there, which is said at once.
  refusing: "forward . 127.0.0.1:5309",
  silent: "forward . 127.0.0.1:5303 { prefer_udp }",
  none: "",
} as const;

export interface Corefile {
  readonly upstream?: keyof typeof UPSTREAMS;
  /** For all names, as `acl`'s block: "drop type AAAA". */
  readonly acl?: string;
  /** Knows no name of the cluster. */
  readonly isForeign?: boolean;
}

function renderCorefile({ upstream = "quick", acl, isForeign = false }: Corefile): string {
  const rules = acl === undefined ? "" : `  acl . {\n    ${acl}\n  }\n`;
  const block = (zone: string, body: string): string => `${zone} {\n${rules}  ${body}\n}\n`;
  const forward = UPSTREAMS[upstream].replace(/\{ (\w+) \}/, "{\n    $1\n  }");
  return [
    ...(isForeign ? [] : [block("cluster.local:53", "file /run/pod/cluster.zone")]),
    ...(forward === "" ? [] : [block(".:53", forward)]),
    "example.org:5302 {\n  file /run/pod/outside.zone\n}\n",
    ".:5302 {\n  template ANY ANY {\n    rcode NXDOMAIN\n  }\n}\n",
  ].join("");
}

/** The upstreams that are slow and silent: datagrams that wait before they go on, or end here. */
const UPSTREAM_PROGRAM = `
const { createSocket } = require("node:dgram");
const slow = createSocket("udp4");
slow.on("message", (query, from) => setTimeout(() => {
  const to = createSocket("udp4");
  to.on("message", (answer) => slow.send(answer, from.port, from.address, () => to.close()));
  to.send(query, 5302, "127.0.0.1");
}, ${SLOW_MS}));
slow.bind(5301, "127.0.0.1");
createSocket("udp4").on("message", () => {}).bind(5303, "127.0.0.1");
`;

const START = 'setsid "$@" </dev/null >/run/pod/server.log 2>&1 & echo $! >/run/pod/server.pid';
const READY = untilInShell(
  '{ ss -Hlnu "sport = :$1" | grep -q . && ss -Hlnt "sport = :$1" | grep -q .; }',
  "cat /run/pod/server.log >&2",
);
const STOP = `read -r pid </run/pod/server.pid && kill -CONT "$pid" && kill -KILL "$pid"
${untilInShell('! ss -Hlnu "sport = :$1" | grep -q .')}`;
const SIGNAL = 'read -r pid </run/pod/server.pid && kill -"$1" "$pid"';

const run = async (
  done: Promise<{ exitCode: number | null; stderr: string }>,
  what: string,
): Promise<void> => {
  const { exitCode, stderr } = await done;
  if (exitCode !== 0) throw new Error(`${what}: ${stderr}`);
};
const shell = (lab: LabState, pod: string, script: string, ...args: string[]): Promise<void> =>
  run(execInPod(lab, pod, ["sh", "-c", script, "name-servers", ...args]), `${pod}: ${script}`);

/** A CoreDNS in a pod of the lab; `start` with another Corefile takes the place of the one that runs. */
export class CoreDns {
  readonly #lab: LabState;
  readonly #pod: string;
  #isUp = false;

  constructor(lab: LabState, pod: string) {
    this.#lab = lab;
    this.#pod = pod;
  }

  async start(corefile: Corefile = {}): Promise<void> {
    await this.stop();
    writeFileSync(join(podFolder(this.#lab, this.#pod), "Corefile"), renderCorefile(corefile));
    await shell(this.#lab, this.#pod, START, "/run/pod/coredns", "-conf", "/run/pod/Corefile");
    await shell(this.#lab, this.#pod, READY, "53");
    this.#isUp = true;
  }

  async stop(): Promise<void> {
    if (!this.#isUp) return;
    this.#isUp = false;
    await shell(this.#lab, this.#pod, STOP, "53");
  }

  /** It keeps its sockets and says nothing, until it goes on. */
  freeze = (): Promise<void> => shell(this.#lab, this.#pod, SIGNAL, "STOP");
  thaw = (): Promise<void> => shell(this.#lab, this.#pod, SIGNAL, "CONT");
}

/** Puts CoreDNS and its files into the far pods, in the place of the lab's own server. */
export async function placeCoreDns(
  lab: LabState,
): Promise<{ readonly first: CoreDns; readonly second: CoreDns }> {
  const program = await buildProgram("coredns", () => undefined);
  const copy = join(lab.dir, "coredns");
  copyFileSync(program, copy);
  for (const pod of ["shop/dns", "shop/web"]) {
    const folder = podFolder(lab, pod);
    linkSync(copy, join(folder, "coredns"));
    writeFileSync(join(folder, "cluster.zone"), ZONE);
    writeFileSync(join(folder, "outside.zone"), OUTSIDE_ZONE);
  }
  linkSync(copy, join(nodeFolder(lab), "coredns"));
  await shell(
    lab,
    "shop/dns",
    `echo stop >/run/pod/orders; ${untilInShell("! ss -Hlnu 'sport = :53' | grep -q .")}`,
  );
  await shell(lab, "shop/dns", 'setsid node -e "$1" </dev/null >/dev/null 2>&1 &', UPSTREAM_PROGRAM);
  return { first: new CoreDns(lab, "shop/dns"), second: new CoreDns(lab, "shop/web") };
}

/** The folder of this machine that is /run/pod in the pod. */
function podFolder(lab: LabState, name: string): string {
  for (const node of lab.nodes) {
    const found = node.pods.find((pod) => `${pod.namespace}/${pod.name}` === name);
    if (found !== undefined) return join(lab.dir, "nodes", node.name, "files/pods", found.name);
  }
  throw new Error(`the lab has no pod ${name}`);
}

/** That is /run/lab on node-a. */
const nodeFolder = (lab: LabState): string => join(lab.dir, "nodes/node-a/files");

/** The device and address of a cache on node-a, with a CoreDNS that listens there where it is up. */
export class NodeLocalDns {
  readonly #lab: LabState;

  constructor(lab: LabState) {
    this.#lab = lab;
  }

  async start(): Promise<void> {
    const corefile = `.:53 {\n  bind ${NODE_LOCAL}\n  cache 30\n  forward . 10.96.0.10\n}\n`;
    writeFileSync(join(nodeFolder(this.#lab), "Corefile"), corefile);
    await this.#ip("link", "add", NODE_LOCAL_DEVICE, "type", "bridge");
    await this.#ip("address", "add", `${NODE_LOCAL}/32`, "dev", NODE_LOCAL_DEVICE);
    await this.#ip("link", "set", NODE_LOCAL_DEVICE, "up");
    await this.#shell("mkdir -p /run/pod");
    await this.#shell(START, "/run/lab/coredns", "-conf", "/run/lab/Corefile");
    await this.#shell(READY, "53");
  }

  /** As where its process crashed: the device stays. */
  crash = (): Promise<void> => this.#shell(STOP, "53");

  /** As where its pod ended in good order: it takes its device along. */
  leave = (): Promise<void> => this.#ip("link", "delete", NODE_LOCAL_DEVICE);

  async remove(): Promise<void> {
    await this.#shell(`kill -0 "$(cat /run/pod/server.pid)" 2>/dev/null || exit 0; ${STOP}`, "53");
    await this.#shell(
      'ip link show dev "$1" >/dev/null 2>&1 || exit 0; ip link delete "$1"',
      NODE_LOCAL_DEVICE,
    );
  }

  readonly #ip = (...words: string[]): Promise<void> =>
    run(execInNode(this.#lab, "node-a", ["ip", ...words]), words.join(" "));
  readonly #shell = (script: string, ...args: string[]): Promise<void> =>
    run(execInNode(this.#lab, "node-a", ["sh", "-c", script, "name-servers", ...args]), script);
}
