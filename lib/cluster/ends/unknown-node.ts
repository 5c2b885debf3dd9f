/** What stands for the node of a pod (`namespace/name`) where nobody says it: safe in a file's name, and no two are one. */
export function unknownNode(pod: string): string {
  return `node-of-${pod.replace("/", ".")}`;
}
