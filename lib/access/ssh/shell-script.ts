/**
 * What a shell on a node reads first: it runs one command after the other and says where each one's output ends. POSIX sh;
 * its text comes on stdin. `hopbook_run MARK BYTES STDIN ARGV` prints its stdout, a line `MARK out`, its stderr with the
 * exit code as a last line, and a line `MARK end`. No more than BYTES of either goes over the connection: what prints more
 * is ended by its closed pipe. Whatever the command leaves running with its output open is waited for, so that nothing
 * comes between the words of the next one. A NUL byte on stderr is lost, since a shell's variable holds none.
 * STDIN is `none`, or `beats` where the command reads the client's signs of life from the shell's own stdin (see
 * process/lease.ts): what is left of them there is no command.
 */
export const SHELL_PRELUDE = `exec 6>&1
beat() { :; }
end() { :; }
hopbook_run() {
  hopbook_mark=$1 hopbook_bytes=$2 hopbook_stdin=$3
  shift 3
  hopbook_said=$(
    exec 8>&1
    { {
      if [ "$hopbook_stdin" = beats ]; then "$@"; else "$@" </dev/null; fi 3>&- 6>&- 8>&-
      printf '\\n%s' "$?" >&2
    } 2>&1 >&3 | head -c "$hopbook_bytes" >&8; } 3>&1 | head -c "$hopbook_bytes" >&6
  )
  printf '\\n%s out\\n%s\\n%s end\\n' "$hopbook_mark" "$hopbook_said" "$hopbook_mark"
}
`;
