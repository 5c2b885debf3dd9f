const NODES_INTERFACES = /^\/sys\/(class\/net|devices\/virtual\/net)(\/|$)/;

/**
 * Why a command makes no sense in a pod; undefined where it may. Only the network namespace is the pod's: /sys is the
 * node's, whatever namespace reads it, so that its eth0 is the node's. A wrong answer that looks right.
 */
export function findNodesFile(
  words: readonly string[],
  pod: string,
): { readonly message: string; readonly hint: string } | undefined {
  const path = words.find((word) => NODES_INTERFACES.test(word));
  if (path === undefined) return undefined;
  return {
    message: `Cannot read ${path} in ${pod}: /sys is the node's there, and has the node's interfaces`,
    hint: "Ask for the pod's by ip, ethtool or /proc/net",
  };
}
