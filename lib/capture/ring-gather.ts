/**
 * Puts the files of a ring together, POSIX sh: \`gather ID FILES\` makes ID.pcap of ID.pcap0, ID.pcap1… and of those that were
 * kept (ID.pcap0.k1…), in the order of their first packets. Each goes as soon as it is taken over, so that no more than one of
 * them lies there twice. All have the same header, for one tcpdump wrote them. \`since\` is the time of the packet from which on
 * none was overwritten, where any may have been: where there are as many files as the ring has, or ID.from names what was kept.
 */
export const RING_GATHER = `
first() { od -An -tu4 -j24 -N8 "$1" 2>/dev/null | { read -r s u e && [ -n "$u" ] && echo "$s $u $1"; }; }
whole_from() {
  while read -r s u f; do
    case \${f##*.pcap} in
      *.k"$2") ;;
      *.k*) continue ;;
      *) [ "$1" -eq 1 ] || continue ;;
    esac
    printf '%d.%06d' "$s" "$u"
    return
  done
}
gather() {
  since=; files=0; from=
  for f in "$1".pcap[0-9]*; do
    case \${f##*.pcap} in *.k*) ;; *) [ ! -f "$f" ] || files=$((files + 1)) ;; esac
  done
  order=$(for f in "$1".pcap[0-9]*; do first "$f"; done | sort -n -k1,1 -k2,2)
  [ ! -f "$1.from" ] || read -r from <"$1.from"
  if [ "$files" -ge "$2" ]; then since=$(echo "$order" | whole_from 1 none)
  elif [ -n "$from" ]; then since=$(echo "$order" | whole_from 0 "$from"); fi
  since=\${since:--}
  for f in $(echo "$order" | while read -r s u f; do echo "$f"; done); do
    if [ ! -f "$1.pcap" ]; then mv "$f" "$1.pcap"
    else tail -c +25 "$f" >>"$1.pcap" && rm -f "$f" || break; fi
  done
  for f in "$1".pcap[0-9]*; do [ -f "$1.pcap" ] || [ ! -f "$f" ] || mv "$f" "$1.pcap"; done
}
`;
