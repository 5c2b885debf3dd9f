import { hostname, userInfo } from "node:os";

/** `user@host`: who answers for what is made on nodes and in clusters. */
export function whoRuns(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `${String(process.getuid?.() ?? "unknown")}@${hostname()}`; // a user without a name, as in containers
  }
}
