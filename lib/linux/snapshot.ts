/**
 * Several programs' output in one round trip. `section NAME COMMAND…` is a function of POSIX sh (dash, bash, busybox sh)
 * that runs a command and prints
 *
 *     =begin NAME
 *      a line of its stdout, behind a blank
 *
 *     !a line of the end of its stderr
 *
 *     =end NAME EXIT_CODE
 *
 * A line's first character says what it is, so that nothing a program prints can end its section or begin another. A
 * missing end mark says that the output was cut; `late` behind it, that the command did not end in time: no exit code
 * then, where it was not begun. NAME is a word of the script that uses it, never input. `section_seconds` and
 * `section_bytes` bound each command, `section_ends` (seconds of `section_now`) all of them; of what prints more than it
 * may so much is passed on that this shows.
 *
 * A node is asked for a hundred things, and starting a process costs more than most of them. What a command says on stderr
 * and its exit code go to files in memory, which have their room beforehand and no name, so that nothing of them can stay; and
 * through pipes, with four processes more for each, where that cannot be had. A file of stderr ends at 1 MiB (ulimit -f counts
 * 512 bytes); the signal for that is ignored, since it would leave a core dump.
 */
export const SECTION_FUNCTION = `
exec 3>&1
section_seconds=10 section_bytes=8388608 section_ends=
if timeout --version >/dev/null 2>&1 || timeout -s KILL 1 true 2>/dev/null; then section_timeout=yes; else section_timeout=; fi
section_now() {
  clock=
  read -r clock _ 2>/dev/null </proc/uptime
  case $clock in [0-9]*) clock=\${clock%%.*} ;; *) clock=$(date +%s) ;; esac
}
section_files=
section_open() {
  folder=$(umask 077; mktemp -d /dev/shm/hopbook-look-XXXXXX 2>/dev/null) || return
  { true >"$folder/err" && echo '- ' >"$folder/code" || { rm -rf "$folder"; return; }; } 2>/dev/null
  exec 7<>"$folder/err" 8<>"$folder/code"
  rm -rf "$folder"
  { read -r code _ </proc/self/fd/8 && [ "$code" = - ] && section_files=yes; } 2>/dev/null
}
section_open
section_run() {
  if ! command -v "$1" >/dev/null 2>&1; then
    printf '%s: not found\\n' "$1" >&2
    exit 127
  fi
  if [ -n "$section_timeout" ]; then exec timeout -s KILL "$seconds" "$@" </dev/null; fi
  "$@" </dev/null &
  pid=$!
  (
    while [ "$seconds" -gt 0 ]; do
      sleep 1
      seconds=$((seconds - 1))
    done
    kill -KILL "$pid"
  ) >/dev/null 2>&1 &
  watch=$!
  wait "$pid"
  code=$?
  { kill -KILL "$watch"; wait "$watch"; } 2>/dev/null
  exit "$code"
}
# The first byte takes a page, in which what is said on stderr has its room as well.
section_keep() {
  { echo >/proc/self/fd/7; } 2>/dev/null || return
  echo '- ' 1<>/proc/self/fd/8
  {
    (
      trap '' XFSZ
      ulimit -f 2048
      section_run "$@"
    ) 2>>/proc/self/fd/7 3>&- 7>&- 8>&-
    echo "$? " 1<>/proc/self/fd/8
  } | head -c "$((section_bytes + 1))" | LC_ALL=C sed 's/^/ /'
  echo
  read -r code _ </proc/self/fd/8
  if { read -r _ && { IFS= read -r said || [ -n "$said" ]; }; } </proc/self/fd/7; then
    tail -n +2 </proc/self/fd/7 | tail -c 2000 | LC_ALL=C sed 's/^/!/'
  fi
  return 0
}
section_pipe() {
  said=$({
    { (section_run "$@" 3>&-); printf 'x%s' "$?" >&2; } | head -c "$((section_bytes + 1))" | LC_ALL=C sed 's/^/ /' >&3
  } 2>&1 | tail -c 2000)
  code=\${said##*x} said=\${said%x*}
  echo
  if [ -n "$said" ]; then printf '%s' "$said" | LC_ALL=C sed 's/^/!/'; fi
}
section() {
  name=$1 seconds=$section_seconds late=
  shift
  section_now
  began=$clock
  if [ -n "$section_ends" ] && [ $((section_ends - began)) -lt "$seconds" ]; then
    seconds=$((section_ends - began))
  fi
  printf '=begin %s\\n' "$name"
  if [ "$seconds" -le 0 ]; then
    printf '!not begun: what was read before it took all the time\\n=end %s - late\\n' "$name"
    return
  fi
  if [ -z "$section_files" ] || ! section_keep "$@"; then
    section_files=
    section_pipe "$@"
  fi
  section_now
  if [ "$code" = 137 ] && [ $((clock - began)) -ge "$seconds" ]; then late=' late'; fi
  printf '\\n=end %s %s%s\\n' "$name" "$code" "$late"
}
`;

/** What one program of a snapshot printed. */
interface Section {
  readonly stdout: string;
  /** Its end. */
  readonly stderr: string;
  /** 127: it is not there. null: the output was cut, or the command not begun. */
  readonly exitCode: number | null;
  /** It did not end, or not begin, within its time. */
  readonly isLate: boolean;
}

interface Snapshot {
  /** What was printed before the first section. */
  readonly head: string;
  readonly sections: ReadonlyMap<string, Section>;
}

/** Reads what a script with sections printed; lines outside of any section, but for the head, are passed over. */
export function parseSnapshot(text: string): Snapshot {
  const at = text.startsWith("=begin ") ? 0 : text.indexOf("\n=begin ") + 1;
  const isHeadless = at === 0 && !text.startsWith("=begin ");
  const head = isHeadless ? text : text.slice(0, at);
  const sections = new Map<string, Section>();
  let open: { readonly name: string; readonly out: string[]; readonly err: string[] } | null = null;
  const close = (exitCode: number | null, isLate: boolean): void => {
    if (open === null) return;
    sections.set(open.name, { stdout: open.out.join(""), stderr: open.err.join(""), exitCode, isLate });
    open = null;
  };
  for (const line of isHeadless ? [] : text.slice(at).split("\n")) {
    const [, mark, name = "", code, late] =
      /^=(begin|end) (\S{1,64})(?: ([0-9]{1,3}|-)( late)?)?$/.exec(line) ?? [];
    if (line.startsWith(" ")) open?.out.push(`${line.slice(1)}\n`);
    else if (line.startsWith("!")) open?.err.push(`${line.slice(1)}\n`);
    else if (mark === "begin") {
      close(null, false);
      open = { name, out: [], err: [] };
    } else if (mark === "end") {
      close(code === undefined || code === "-" ? null : Number(code), late !== undefined);
    }
  }
  close(null, false);
  return { head, sections };
}
