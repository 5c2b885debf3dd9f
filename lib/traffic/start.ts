import { NETCAT_SCRIPT } from "./netcat-script.js";

/**
 * A probe's script as POSIX sh: bash where it starts, netcat where there is none. Whatever a login or an image has set
 * to be read at a start (`BASH_ENV`, `PERL5OPT`) is left out, and a start that hangs is given up after 2 s.
 */
export function startByBash(script: string): string {
  return `
unset BASH_ENV ENV PERL5OPT PERL5LIB PERL5DB CDPATH
LC_ALL=C PATH=\${PATH:+$PATH:}/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
export LC_ALL PATH
if command -v bash >/dev/null 2>&1 && timeout -k 1 2 bash --noprofile --norc -c : 2>/dev/null; then
  exec bash --noprofile --norc -c '${script.replaceAll("'", `'\\''`)}' "$0" "$@"
fi
${NETCAT_SCRIPT}`;
}
