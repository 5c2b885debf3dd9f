/** Keys under these are the pod's own, or the runtime's alone. */
const OPEN =
  /(^|\.)(labels|annotations|runtimeSpec|Interfaces|envs|unified|cniconfig|features|sandboxMetadata)$/;

/** The paths of a JSON value with the type at each, sorted: `status.network.ip string`. Of a list, all its items'. */
export function shapeOf(value: unknown): string[] {
  const lines = new Set<string>();
  walk(value, "", lines);
  return [...lines].sort();
}

function walk(value: unknown, path: string, lines: Set<string>): void {
  const type = value === null ? "null" : Array.isArray(value) ? "list" : typeof value;
  if (path !== "") lines.add(`${path} ${type}`);
  if (type === "list") for (const item of value as unknown[]) walk(item, `${path}[]`, lines);
  if (type !== "object" || OPEN.test(path)) return;
  for (const [key, inner] of Object.entries(value as Record<string, unknown>)) {
    walk(inner, path === "" ? key : `${path}.${key}`, lines);
  }
}
