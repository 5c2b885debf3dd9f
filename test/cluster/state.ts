import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isAlive, readStat } from "../../lib/lab/state.js";
import { stateDir, type ContainerdKind } from "./names.js";

/** A process of this machine's, told apart from a later one with its pid. */
export interface ClusterProcess {
  readonly pid: number;
  readonly startTimeTicks: number;
}

export interface ClusterNodeState extends ClusterProcess {
  readonly name: string;
  readonly address: string;
  readonly address6: string | null;
  readonly hasCrictl: boolean;
}

/** A cluster that is up, as state.json in its folder says. */
export interface ClusterState {
  readonly dir: string;
  readonly containerd: ContainerdKind;
  readonly supervisor: ClusterProcess;
  /** A process in the operator's network namespace, which reaches the nodes and the apiserver. */
  readonly operator: ClusterProcess;
  readonly nodes: readonly ClusterNodeState[];
  readonly files: {
    /** Reaches the apiserver from this machine, as cluster-admin. */
    readonly kubeconfig: string;
    readonly sshConfig: string;
    /** hopbook's cluster profiles. */
    readonly localProfile: string;
    readonly sshProfile: string;
  };
  readonly kubectl: string;
  readonly upMs: number;
}

/** The cluster that is up; null where none is. */
export function readClusterState(): ClusterState | null {
  const path = join(stateDir(), "state.json");
  if (!existsSync(path)) return null;
  const state = JSON.parse(readFileSync(path, "utf8")) as ClusterState;
  return isAlive(state.supervisor) ? state : null;
}

/** Processes of this machine whose words fit, by pid. */
export function findProcesses(fits: (words: readonly string[]) => boolean): ClusterProcess[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      let words: string[];
      try {
        words = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
      } catch {
        return [];
      }
      const stat = fits(words) ? readStat(Number(entry)) : null;
      return stat === null ? [] : [{ pid: Number(entry), startTimeTicks: stat.startTimeTicks }];
    });
}

export { isAlive, readStat };
