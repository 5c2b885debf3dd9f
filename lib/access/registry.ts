import type { NodeAccess, NodeTarget } from "../model/access.js";
import { openLocalAccess } from "./local.js";
import { openSshAccess } from "./ssh.js";

export { assertSandbox, inspectScript, startSandbox } from "./sandbox.js";
export type { SandboxGuest } from "./sandboxfolder.js";

export interface OpenAccessOptions {
  readonly signal?: AbortSignal;
  /** For the whole way to a first command's answer. Default 15 s. */
  readonly connectTimeoutMs?: number;
}

const DEFAULT_CONNECT_TIMEOUT_MS = 15_000;

/**
 * Logs in to a node by the way its target names. Rejects with NODE_UNREACHABLE, HOST_KEY_UNKNOWN,
 * SSH_AUTH_FAILED, SUDO_REFUSED, TOOL_MISSING, or INTERRUPTED where the signal fired first.
 */
export async function openAccess(target: NodeTarget, options: OpenAccessOptions = {}): Promise<NodeAccess> {
  const { access } = target;
  const connectTimeoutMs = options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS;
  switch (access.via) {
    case "local":
      return openLocalAccess({ name: target.name, access }, { signal: options.signal, connectTimeoutMs });
    case "ssh":
      return openSshAccess(
        { name: target.name, address: target.address ?? target.name, access },
        {
          signal: options.signal,
          connectTimeoutMs,
        },
      );
  }
}
