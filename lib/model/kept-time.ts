/**
 * How long a node keeps captures that nobody has collected, as POSIX sh of its agents: seconds from when they were started,
 * by the time since the node's start, so that neither a wrong clock nor one that is set ends them early; after a restart by
 * the clock.
 *   keep_for SECONDS >FILE      FILE: when it is over, since 1970, and since which start of the node
 *   time_left FILE              LEFT and UNTIL (since 1970); fails where the file is none of ours
 */
export const KEPT_TIME = `
keep_for() {
  read -r up rest </proc/uptime && read -r boot </proc/sys/kernel/random/boot_id || { up=; boot=; }
  up=\${up%%.*}
  echo "$(($(date +%s) + $1)) \${up:+$((up + $1))} $boot"
}
time_left() {
  read -r UNTIL upto boot <"$1" || return 1
  case $UNTIL in ''|*[!0-9]*|?????????????*) return 1 ;; esac
  case $upto in *[!0-9]*|?????????????*) upto= ;; esac
  this=
  read -r this </proc/sys/kernel/random/boot_id
  if [ -n "$upto" ] && [ "$boot" = "$this" ] && read -r up rest </proc/uptime; then LEFT=$((upto - \${up%%.*}))
  else LEFT=$((UNTIL - $(date +%s))); fi
} 2>/dev/null
`;
