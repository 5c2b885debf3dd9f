import { execInNode, type LabState } from "../../lib/lab/index.js";

/** Puts a program over a node's own one, which is then in /run/cover/real: by its name, as some look at theirs. */
const COVER = `set -e
mkdir -p /run/cover/real
path=$(command -v "$1")
[ -e "/run/cover/real/$1" ] || cp -- "$path" "/run/cover/real/$1"
printf '%s' "$2" >"/run/cover/$1"
chmod 755 "/run/cover/$1"
echo "$path" >"/run/cover/$1.path"
mount --bind "/run/cover/$1" "$path"`;
const HIDE = `set -e
path=$(command -v "$1")
mkdir -p /run/cover
: >"/run/cover/$1.none"
chmod 644 "/run/cover/$1.none"
echo "$path" >"/run/cover/$1.path"
mount --bind "/run/cover/$1.none" "$path"`;
/** It is there as long as its program has to wait. */
const HELD = "/run/cover/held";
const UNCOVER = `read -r path <"/run/cover/$1.path" && umount -l "$path"`;

export interface Slow {
  readonly tool: string;
  readonly seconds: number;
  /** A shell pattern: only calls whose arguments, joined, fit it. Default: all. */
  readonly when?: string;
  /** Default: every one. */
  readonly node?: string;
}

/** Makes a program of the nodes wait before it does its work, so that a stage of a run is long enough to be hit. */
export function slowDown(lab: LabState, slow: Slow): Promise<() => Promise<void>> {
  return cover(lab, slow, `sleep ${slow.seconds}`);
}

/**
 * Makes a program of the nodes wait until it is let go, for a minute at most: where what comes meanwhile takes as long as
 * the machine is busy. What is returned lets all of them go, and is to be called once.
 */
export async function holdBack(lab: LabState, held: Omit<Slow, "seconds">): Promise<() => Promise<void>> {
  for (const { name } of lab.nodes) await must(lab, name, ["sh", "-c", `mkdir -p /run/cover && : >${HELD}`]);
  const wait = `tries=0; while [ -e ${HELD} ] && [ $tries -lt 600 ]; do sleep 0.1; tries=$((tries + 1)); done`;
  const uncover = await cover(lab, held, wait);
  return async () => {
    for (const { name } of lab.nodes) await must(lab, name, ["rm", "-f", HELD]);
    await uncover();
  };
}

async function cover(lab: LabState, slow: Omit<Slow, "seconds">, wait: string): Promise<() => Promise<void>> {
  const { tool, when = "*" } = slow;
  const wrapper = `#!/bin/sh\ncase "$*" in ${when}) ${wait} ;; esac\nexec /run/cover/real/${tool} "$@"\n`;
  const nodes = lab.nodes.map(({ name }) => name).filter((name) => (slow.node ?? name) === name);
  for (const node of nodes) await must(lab, node, ["sh", "-c", COVER, "cover", tool, wrapper]);
  return async () => {
    for (const node of nodes) await must(lab, node, ["sh", "-c", UNCOVER, "uncover", tool]);
  };
}

/** A node's program that is there and cannot be run: as good as none. */
export async function hideTool(lab: LabState, node: string, tool: string): Promise<() => Promise<void>> {
  await must(lab, node, ["sh", "-c", HIDE, "hide", tool]);
  return () => must(lab, node, ["sh", "-c", UNCOVER, "uncover", tool]);
}

export async function must(lab: LabState, node: string, argv: readonly string[]): Promise<void> {
  const result = await execInNode(lab, node, argv);
  if (result.exitCode !== 0) throw new Error(`${argv.join(" ")} on ${node}: ${result.stderr}`);
}
