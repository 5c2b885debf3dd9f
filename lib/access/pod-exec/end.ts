import { HopbookError } from "../../errors.js";
import type { Argv, NodeAccess, Via } from "../../model/access.js";
import type { KubeApi } from "../../model/kube.js";
import { startInContainer, type ContainerRef, type KubeProcessEnd } from "../pod/container.js";
import type { ProcessEnd } from "../../process/start.js";
import type { RemoteEnd } from "../recipe.js";
import { createRemoteAccess } from "../remote.js";

interface ContainerAccessRecipe {
  /** The target's name: it stands where a node's does. */
  readonly name: string;
  readonly via: Via;
  readonly api: KubeApi;
  readonly container: ContainerRef;
  /** What was asked for, as it is started in the container. */
  readonly wrap: (argv: Argv) => Argv;
  readonly dispose: () => Promise<void>;
}

/** A way in over the API's exec into one container, whose commands are the container's own programs. */
export function createContainerAccess(recipe: ContainerAccessRecipe): NodeAccess {
  const { name: node, via, api, container, wrap, dispose } = recipe;
  return createRemoteAccess({
    ...{ node, via, wrap, dispose },
    start: (argv, options) => startInContainer(api, argv, { container, options: { ...options, env: {} } }),
    readEnd: (end, told) => readContainerEnd(end, { ...told, node }),
  });
}

/** As a shell says it (POSIX.1, 2.8.2): runc's words stand in no exit code. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

/**
 * What the end of an exec says of the command. A program that is not there ends with 127, one that may not be run with
 * 126, the runtime's words on stderr. Throws NODE_UNREACHABLE where the connection broke or the container is gone.
 */
export function readContainerEnd(
  end: ProcessEnd | KubeProcessEnd,
  { node, argv, stderr }: { readonly node: string; readonly argv: Argv; readonly stderr: Buffer },
): RemoteEnd {
  const { exitCode, signal } = end;
  const refused = "refused" in end ? end.refused : null;
  const lost = "lost" in end && end.lost;
  if (end.stoppedBy === null && lost) throw unreachable(node, argv, "the connection was lost before its end");
  if (end.stoppedBy !== null || refused === null) return { exitCode, signal, transportLost: false, stderr };
  const code = codeOfRefusal(refused);
  if (code === null) throw unreachable(node, argv, refused);
  const said = Buffer.concat([stderr, Buffer.from(`${refused}\n`)]);
  return { exitCode: code, signal, transportLost: false, stderr: said };
}

function codeOfRefusal(refused: string): number | null {
  if (/executable file not found|no such file or directory/.test(refused)) return NOT_FOUND;
  return /permission denied|exec format error|is a directory/.test(refused) ? NOT_RUNNABLE : null;
}

function unreachable(node: string, argv: Argv, why: string): HopbookError {
  return new HopbookError("NODE_UNREACHABLE", `Cannot run a command in ${node}: ${why}`, {
    where: { node, argv },
    hint: "Look with kubectl describe pod whether its container still runs, and run again",
  });
}
