/** The action under which a command runs in a container of a pod. */
export const CONTAINER_EXEC = "container/exec";
/** What ps shows beside the script that runs a command in a container, and by which the guard knows it. */
export const CONTAINER_EXEC_NAME = "hopbook-container-exec";
/** Of its values, those before the command's own words. */
const LEADING = 6;

/** The command's own words within the node's command that runs them in a container; undefined where it is none. */
export function wordsInContainer(argv: readonly string[]): readonly string[] | undefined {
  return argv[0] === "sh" && argv[1] === "-c" && argv[3] === CONTAINER_EXEC_NAME
    ? argv.slice(4 + LEADING)
    : undefined;
}
