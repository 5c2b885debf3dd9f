import pMap from "p-map";
import {
  LEFTOVERS_ACTION,
  listNodeLeftovers,
  removeNodeLeftovers,
  type NodeLeftover,
} from "../cluster/index.js";
import { asHopbookError } from "../errors.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import { enterNodes } from "../session/action-session.js";
import type { Session } from "../session/session.js";
import type { OpenCluster } from "../session/open-cluster.js";

/** What reap does on nodes. */
export const REAP_ERRAND = { name: "reap", title: "Remove what runs left", action: LEFTOVERS_ACTION };

export interface OpenNodes {
  readonly cluster: OpenCluster;
  /** Node by node; an error where it could not be asked. */
  list(): Promise<ReadonlyMap<string, readonly NodeLeftover[] | Error>>;
  /** Why not, by node and item. */
  remove(
    items: ReadonlyMap<string, readonly string[]>,
    force: boolean,
  ): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>>;
  close(): Promise<void>;
}

const NODES_AT_A_TIME = 16;

/** Throws PERMISSION_DENIED where the nodes may not be entered, and why none can be reached. */
export async function openNodes(session: Session, leaseMs: number): Promise<OpenNodes> {
  const { id, profile, signal } = session;
  const { nodes } = profile;
  const cluster = await enterNodes(session, REAP_ERRAND, { nodes, leaseMs });
  const place = { workDir: profile.workDir, runId: id, signal };
  const each = async <T>(
    names: readonly string[],
    body: (access: GuardedAccess) => Promise<T>,
  ): Promise<ReadonlyMap<string, T | Error>> => {
    const answers = new Map<string, T | Error>();
    const ask = async (name: string): Promise<void> => {
      const access = cluster.accesses.get(name);
      try {
        if (access === undefined) throw cluster.unreachable.get(name) ?? new Error("it was not opened");
        answers.set(name, await body(access));
      } catch (error) {
        answers.set(name, asHopbookError(error));
      }
    };
    await pMap(names, ask, { concurrency: NODES_AT_A_TIME });
    return answers;
  };
  return {
    cluster,
    list: () =>
      each(
        nodes.map(({ name }) => name),
        (access) => listNodeLeftovers(access, place),
      ),
    remove: async (items, force) => {
      const answers = await each([...items.keys()], (access) =>
        removeNodeLeftovers(access, items.get(access.node) ?? [], { ...place, force }),
      );
      return new Map(
        [...answers].map(([node, kept]) => [
          node,
          kept instanceof Error
            ? new Map((items.get(node) ?? []).map((item) => [item, kept.message] as const))
            : kept,
        ]),
      );
    },
    close: () => cluster.close(),
  };
}
