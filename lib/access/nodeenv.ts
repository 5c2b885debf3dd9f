/** Where a node's tools are; also for ssh, whose login shell often leaves out the sbin folders. */
export const NODE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** All of the environment: nothing of the operator's reaches a node. */
export const NODE_ENV = { PATH: NODE_PATH, LC_ALL: "C" } as const;

/** What ssh itself needs of the operator's environment: its keys, its agent, its tickets. */
const SSH_KEEPS = ["HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "KRB5CCNAME"] as const;

/** The environment of the local ssh. Its own PATH comes first, so that an ssh elsewhere is found as well. */
export function buildSshEnv(from: NodeJS.ProcessEnv): Record<string, string> {
  const kept = SSH_KEEPS.flatMap((name) => {
    const value = from[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), PATH: from["PATH"] ?? NODE_PATH, LC_ALL: "C", SHELL: "/bin/sh" };
}
