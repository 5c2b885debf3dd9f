/** Where a system's tools are; also for ssh, whose login shell often leaves out the sbin folders. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** All of the environment: nothing of the operator's reaches a node or a sandbox. */
export const BARE_ENV = { PATH: SYSTEM_PATH, LC_ALL: "C" } as const;
