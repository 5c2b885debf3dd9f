import { SECTION_FUNCTION } from "../../linux/snapshot.js";
import type { Argv } from "../../model/access.js";
import { joinCommands, SNAPSHOT_NAME } from "../../model/snapshot.js";
import { LOOK_PATH } from "../../linux/node/looks.js";

/**
 * $1: seconds that a command may take; $2: seconds for all of them; $3: bytes that one may print; then each command
 * behind the number of its words. Prints one section a command, by its number from 1, and never fails. What is evaluated
 * are names of positional parameters that it makes itself.
 */
export const SNAPSHOT_SCRIPT = `${SECTION_FUNCTION}
${LOOK_PATH}
section_now
section_seconds=$1 section_bytes=$3 section_ends=$((clock + $2))
shift 3
at=1 number=0
while [ "$at" -le "$#" ]; do
  eval "count=\\\${$at}"
  at=$((at + 1)) words= number=$((number + 1))
  while [ "$count" -gt 0 ]; do
    words="$words \\"\\\${$at}\\""
    at=$((at + 1)) count=$((count - 1))
  done
  eval "section $number $words"
done
exit 0
`;

/** Of a snapshot: as much as one command had when each was run alone, and no more time than a person waits. */
export const SNAPSHOT_LIMITS = { sectionSeconds: 10, allSeconds: 30, sectionBytes: 8 * 1024 * 1024 };

/** How long one command of it has. */
export const SNAPSHOT_LOOK_MS = SNAPSHOT_LIMITS.sectionSeconds * 1000;

/** The one command that runs these, in the network namespace at `netnsPath`; null: where it is run. */
export function snapshotArgv(
  commands: readonly Argv[],
  netnsPath: string | null,
  limits = SNAPSHOT_LIMITS,
): Argv {
  const { sectionSeconds, allSeconds, sectionBytes } = limits;
  const values = [sectionSeconds, allSeconds, sectionBytes].map(String);
  const words = ["-c", SNAPSHOT_SCRIPT, SNAPSHOT_NAME, ...values, ...joinCommands(commands)];
  return netnsPath === null ? ["sh", ...words] : ["nsenter", `--net=${netnsPath}`, "sh", ...words];
}
