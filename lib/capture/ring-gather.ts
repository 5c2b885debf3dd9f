/**
 * Puts the files of a ring together, POSIX sh: \`gather ID FILES\` makes ID.pcap of ID.pcap0, ID.pcap1…, in the order of
 * their first packets. Each goes as soon as it is taken over, so that no more than one of them lies there twice. All have the
 * same header, for one tcpdump wrote them. \`since\` is then the first packet's time, where there were as many files as the
 * ring has: older packets may have been overwritten.
 */
export const RING_GATHER = `
first() { od -An -tu4 -j24 -N8 "$1" 2>/dev/null | { read -r s u e && [ -n "$u" ] && echo "$s $u $1"; }; }
gather() {
  since=-; files=0
  for f in "$1".pcap[0-9]*; do [ -f "$f" ] && files=$((files + 1)); done
  [ "$files" -gt 0 ] || return
  for f in $(for f in "$1".pcap[0-9]*; do first "$f"; done | sort -n -k1,1 -k2,2 | while read -r s u f; do echo "$f"; done); do
    if [ ! -f "$1.pcap" ]; then mv "$f" "$1.pcap"
    else tail -c +25 "$f" >>"$1.pcap" && rm -f "$f" || break; fi
  done
  for f in "$1".pcap[0-9]*; do [ -f "$1.pcap" ] || [ ! -f "$f" ] || mv "$f" "$1.pcap"; done
  [ "$files" -lt "$2" ] || since=$(first "$1.pcap" | { read -r s u e; printf '%d.%06d' "$s" "$u"; })
}
`;
