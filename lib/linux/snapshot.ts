/**
 * Several programs' output in one round trip. `section NAME COMMAND…` is a function of POSIX sh (dash, bash, busybox sh)
 * that runs a command and prints
 *
 *     =begin NAME
 *      a line of its stdout, behind a blank
 *     !a line of its stderr
 *
 *     =end NAME EXIT_CODE
 *
 * A line's first character says what it is, so that nothing a program prints can end its section or begin another. A
 * missing end mark says that the output was cut. NAME is a word of the script that uses it, never input.
 */
export const SECTION_FUNCTION = `
exec 3>&1
section() {
  name=$1
  shift
  printf '=begin %s\\n' "$name"
  said=$({ { "$@"; printf 'x%s' "$?" >&2; } | LC_ALL=C sed 's/^/ /' >&3; } 2>&1)
  printf '%s' "\${said%x*}" | LC_ALL=C sed 's/^/!/'
  printf '\\n=end %s %s\\n' "$name" "\${said##*x}"
}
`;

/** What one program of a snapshot printed. */
export interface Section {
  readonly stdout: string;
  readonly stderr: string;
  /** 127: it is not there. null: the output was cut. */
  readonly exitCode: number | null;
}

export interface Snapshot {
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
  const close = (exitCode: number | null): void => {
    if (open === null) return;
    sections.set(open.name, { stdout: open.out.join(""), stderr: open.err.join(""), exitCode });
    open = null;
  };
  for (const line of isHeadless ? [] : text.slice(at).split("\n")) {
    const [, mark, name = "", exitCode] = /^=(begin|end) (\S{1,64})(?: ([0-9]{1,3}))?$/.exec(line) ?? [];
    if (line.startsWith(" ")) open?.out.push(`${line.slice(1)}\n`);
    else if (line.startsWith("!")) open?.err.push(`${line.slice(1)}\n`);
    else if (mark === "begin") {
      close(null);
      open = { name, out: [], err: [] };
    } else if (mark === "end") close(exitCode === undefined ? null : Number(exitCode));
  }
  close(null);
  return { head, sections };
}
