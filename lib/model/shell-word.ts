/** A word as it is typed in a POSIX shell: in single quotes where it has a blank, a star or worse in it. */
export function quoteShellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
