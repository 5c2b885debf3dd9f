import type { PlannedCommand } from "../model/steps.js";

/** `3 commands (netns/probe on node-a, netns/probe on node-b)`. */
export function describeCommands(commands: readonly PlannedCommand[]): string {
  const words = new Set(commands.map(({ action, node }) => `${action} on ${node}`));
  return `${commands.length} ${commands.length === 1 ? "command" : "commands"} (${[...words].join(", ")})`;
}
