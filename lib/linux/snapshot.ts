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
 * `section_bytes` bound each command, `section_ends` (Unix seconds) all of them; one byte more than may be printed is
 * passed on, which tells that there was more.
 */
export const SECTION_FUNCTION = `
exec 3>&1
section_seconds=10 section_bytes=8388608 section_ends=
if timeout -s KILL 1 true 2>/dev/null; then section_timeout=yes; else section_timeout=; fi
section_run() {
  if ! command -v "$1" >/dev/null 2>&1; then
    printf '%s: not found\\n' "$1" >&2
    return 127
  fi
  if [ -n "$section_timeout" ]; then
    timeout -s KILL "$seconds" "$@" </dev/null
    return
  fi
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
  return "$code"
}
section() {
  name=$1 seconds=$section_seconds began=$(date +%s)
  shift
  if [ -n "$section_ends" ] && [ $((section_ends - began)) -lt "$seconds" ]; then
    seconds=$((section_ends - began))
  fi
  printf '=begin %s\\n' "$name"
  if [ "$seconds" -le 0 ]; then
    printf '!not begun: what was read before it took all the time\\n=end %s - late\\n' "$name"
    return
  fi
  said=$({
    { section_run "$@" 3>&-; printf 'x%s' "$?" >&2; } | head -c "$((section_bytes + 1))" | LC_ALL=C sed 's/^/ /' >&3
  } 2>&1 | tail -c 2000)
  code=\${said##*x} said=\${said%x*} late=
  if [ "$code" = 137 ] && [ $(($(date +%s) - began)) -ge "$seconds" ]; then late=' late'; fi
  echo
  if [ -n "$said" ]; then printf '%s' "$said" | LC_ALL=C sed 's/^/!/'; fi
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
