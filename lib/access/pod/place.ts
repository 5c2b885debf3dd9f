import { HopbookError } from "../../errors.js";
import type { Argv, ExecResult, Via } from "../../model/access.js";
import { SYSTEM_PATH } from "../../process/environment.js";
import { PLACE_PROGRAMS, PROBE_SCRIPT, SETUP_SCRIPT, WRAPPER_DIR } from "./place-scripts.js";

/** Where commands "on the node" run: among the node's own files, or among the image's. */
export type NodePlace =
  | { readonly mode: "node" }
  | {
      readonly mode: "image";
      /** Paths of programs that are the node's all the same, by a wrapper each. */
      readonly fromNode: readonly string[];
    };

interface PlaceOptions {
  readonly node: string;
  readonly via: Via;
  readonly image: string;
  /** Runs a command in the container as it stands. */
  readonly run: (argv: Argv) => Promise<ExecResult>;
}

/** By its path: busybox's nsenter and env would run their own program of a name, in place of the node's. */
const NODE_ENV_PROGRAM = "/usr/bin/env";
const PROBE_ENV = `PATH=${SYSTEM_PATH}`;
/** Which rules a node has, and which containers, only the node's own programs know. */
const HOST_FIRST =
  /^(crictl|ctr|docker|podman|nerdctl|nft|ip6?tables.*|ipset|ipvsadm|chronyc|systemctl|journalctl|ovs-.*)$/;

/**
 * Finds out, in one command, what a pod with the node's PID and network namespaces leads to. A node with tcpdump is
 * entered; else the image's programs are used, and what only the node has is made to be found there. Rejects with
 * TOOL_MISSING where neither has tcpdump, and NODE_UNREACHABLE where the node's namespaces cannot be entered.
 */
export async function findNodePlace(options: PlaceOptions): Promise<NodePlace> {
  const result = await options.run([
    "env",
    "-i",
    PROBE_ENV,
    "sh",
    "-c",
    PROBE_SCRIPT,
    "hopbook-place",
    ...PLACE_PROGRAMS,
  ]);
  const said = readProbe(result.stdout.toString("utf8"));
  if (result.exitCode !== 0 || !said.complete) throw cannotProbe(options, result);
  if (said.enter !== "") throw cannotEnter(options, said.enter);
  const place = choosePlace(said);
  if (place === null) throw noTcpdump(options);
  if (place.mode === "node") return place;
  const setup = await options.run([
    "env",
    "-i",
    PROBE_ENV,
    "sh",
    "-c",
    SETUP_SCRIPT,
    "hopbook-place",
    ...place.fromNode,
  ]);
  if (setup.exitCode !== 0) throw cannotProbe(options, setup);
  return place;
}

/** What the probe said: programs by where they are, and why the node could not be entered ("": it can). */
interface Probe {
  readonly image: ReadonlySet<string>;
  /** Path of each. */
  readonly node: ReadonlyMap<string, string>;
  readonly enter: string;
  readonly complete: boolean;
}

export function readProbe(text: string): Probe {
  const lines = text.split("\n");
  const wordsOf = (kind: string): string[][] =>
    lines.map((line) => line.split(" ")).filter(([first]) => first === kind);
  return {
    image: new Set(wordsOf("image").map(([, program = ""]) => program)),
    node: new Map(wordsOf("node").map(([, program = "", path = ""]) => [program, path])),
    enter: lines.find((line) => line.startsWith("enter "))?.slice("enter ".length) ?? "",
    complete: lines.includes("end"),
  };
}

/** null: there is no tcpdump in either. */
export function choosePlace({ image, node }: Pick<Probe, "image" | "node">): NodePlace | null {
  if (node.has("tcpdump") && node.has("sh") && node.get("env") === NODE_ENV_PROGRAM) return { mode: "node" };
  if (!image.has("tcpdump") && !node.has("tcpdump")) return null;
  const fromNode = PLACE_PROGRAMS.filter((program) => HOST_FIRST.test(program) || !image.has(program))
    .map((program) => node.get(program))
    .filter((path) => path !== undefined);
  return { mode: "image", fromNode };
}

/** What was asked for, as it is started in the container. The PID namespace is the node's already. */
export function wrapForPlace(place: NodePlace, argv: Argv): Argv {
  if (place.mode === "image") {
    return ["env", "-i", `PATH=${WRAPPER_DIR}:${SYSTEM_PATH}`, "LC_ALL=C", ...argv];
  }
  return [
    "nsenter",
    "-t",
    "1",
    "-m",
    "-u",
    "-i",
    "-n",
    "--",
    NODE_ENV_PROGRAM,
    "-i",
    `PATH=${SYSTEM_PATH}`,
    "LC_ALL=C",
    ...argv,
  ];
}

function cannotProbe({ node, image }: PlaceOptions, result: ExecResult): HopbookError {
  const said = result.stderr.toString("utf8").trim().slice(-2_000);
  return new HopbookError(
    "TOOL_MISSING",
    `Cannot use image ${image} on ${node}: its exit code is ${String(result.exitCode)}`,
    {
      where: { node, argv: result.argv },
      hint: "Name an image with sh, env, nsenter, mount and ln under images.tools",
      ...(said === "" ? {} : { detail: said }),
    },
  );
}

function cannotEnter({ node, via }: PlaceOptions, why: string): HopbookError {
  return new HopbookError("NODE_UNREACHABLE", `Cannot enter ${node} from its ${via} pod: ${why}`, {
    where: { node },
    hint: "Set access.privileged: true in the cluster profile, or enter the node by ssh",
  });
}

function noTcpdump({ node, image }: PlaceOptions): HopbookError {
  return new HopbookError(
    "TOOL_MISSING",
    `Cannot capture on ${node}: neither the node nor image ${image} has tcpdump`,
    {
      where: { node },
      hint: "Name an image with tcpdump under images.tools in the cluster profile, or install it on the node",
      detail:
        "hopbook brings no capture program of its own. Ways that bring one: an image under images.tools (docs/tools-image.md " +
        "has a Dockerfile), the node's packages with access.via ssh, toolbox on CoreOS, the pod's own with access.via podExec",
    },
  );
}
