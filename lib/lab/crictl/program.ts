/**
 * The lab's stand-in for crictl: constant POSIX sh that serves JSON rendered when the lab came up, from
 * /run/lab/crictl. `pods`, `ps`, `inspect`, `inspectp`, `exec`, `version`, `info` with the flags that matter; filters
 * by name and namespace are regular expressions, unanchored, as the real one's are. An id that is not known
 * ends with 1 and the real one's words; an inspection that selects nothing prints the help.
 */
export const CRICTL_PROGRAM = String.raw`#!/bin/sh
# crictl of the lab; answers from files.
set -u
base=/run/lab/crictl
fatal() { echo "level=fatal msg=\"$1\"" >&2; exit 1; }
command= format= namespace= name= id= pod= quiet=0 ids= label= state=
while [ $# -gt 0 ]; do
  flag=$1; shift
  value=
  case $flag in --*=*) value=${"${flag#*=}"}; flag=${"${flag%%=*}"}; set -- "$value" "$@" ;; esac
  case $flag in
    -r | --runtime-endpoint | -i | --image-endpoint | -c | --config | -t | --timeout | \
    -o | --output | --namespace | --name | --id | -p | --pod | -l | --label | -s | --state | -n | --last)
      [ $# -gt 0 ] || fatal "flag needs an argument: $flag"
      case $flag in
        -o | --output) format=$1 ;;
        --namespace) namespace=$1 ;;
        --name) name=$1 ;;
        --id) id=$1 ;;
        -p | --pod) pod=$1 ;;
        -l | --label) label=$1 ;;
        -s | --state) state=$1 ;;
      esac
      shift ;;
    -q | --quiet) quiet=1 ;;
    -a | --all | -D | --debug | -v | --verbose | --no-trunc | --latest) ;;
    -*) fatal "flag provided but not defined: $flag" ;;
    *)
      if [ -z "$command" ]; then command=$flag
      else
        ids="$ids $flag"
        # Behind the container stand the words of its command.
        [ "$command" != exec ] || break
      fi ;;
  esac
done
# select WHAT: ids of the pods (or containers) that fit the filters.
choose() {
  WHAT=$1 NAMESPACE=$namespace NAME=$name ID=$id POD=$pod LABEL=$label STATE=$state awk '
    BEGIN { e = "WHAT"; what = ENVIRON[e] }
    function fits(text, pattern) { return pattern == "" || text ~ pattern }
    function labelled(want) {
      if (want == "") return 1
      return want == "app=" $3 || want == "io.kubernetes.pod.name=" $3 ||
        want == "io.kubernetes.pod.namespace=" $2 || want == "io.kubernetes.pod.uid=" $4
    }
    {
      key = what == "pods" ? $1 : $5
      named = what == "pods" ? $3 : $6
      if (!fits($2, ENVIRON["NAMESPACE"]) || !fits(named, ENVIRON["NAME"])) next
      if (ENVIRON["ID"] != "" && index(key, ENVIRON["ID"]) != 1) next
      if (ENVIRON["POD"] != "" && index($1, ENVIRON["POD"]) != 1) next
      if (!labelled(ENVIRON["LABEL"])) next
      if (ENVIRON["STATE"] != "" && tolower(ENVIRON["STATE"]) !~ /^(ready|running)$/) next
      print key
    }' $base/index
}
list() {
  what=$1 member=$2
  chosen=$(choose "$what")
  if [ "$quiet" = 1 ]; then [ -z "$chosen" ] || echo "$chosen"; return; fi
  case $format in
    json) ;;
    "" | table) CHOSEN=$chosen awk -v what="$what" -v now="$(date +%s)" -f $base/table.awk $base/index; return ;;
    *) fatal "unsupported output format: $format" ;;
  esac
  if [ -z "$chosen" ]; then printf '{\n  "%s": []\n}\n' "$member"; return; fi
  printf '{\n  "%s": [\n' "$member"
  more=
  for key in $chosen; do
    [ -z "$more" ] || printf ',\n'
    more=1
    cat "$base/$what/$key.item"
  done
  printf '\n  ]\n}\n'
}
inspect() {
  what=$1 noun=$2
  case $format in "" | json) ;; *) fatal "unsupported output format: $format" ;; esac
  if [ -z "$ids" ] && [ -n "$name$namespace$id$pod$label$state" ]; then ids=$(choose "$what"); fi
  if [ -z "$ids" ]; then
    echo "NAME:"; echo "   crictl $command - Display the status of one or more $noun"; return
  fi
  for key in $ids; do
    found=
    case $key in
      *[!0-9a-f]*) ;;
      *) for file in "$base/$what/$key"*.json; do [ ! -e "$file" ] || found="$found $file"; done ;;
    esac
    case $found in
      "") fatal "getting the status of the $noun \\\"$key\\\": rpc error: code = NotFound desc = an error occurred when try to find $noun: not found" ;;
      " "*" "*) fatal "getting the status of the $noun \\\"$key\\\": rpc error: code = Unknown desc = ambiguous id" ;;
    esac
    cat $found
  done
}
run() {
  key=$ids; key=${"${key# }"}
  case $key in *[!0-9a-f]*) file= ;; *) file=$(ls "$base/containers/$key"*.json 2>/dev/null | head -n 1) ;; esac
  [ -n "$file" ] || fatal "execing command in container: rpc error: code = NotFound desc = an error occurred when try to find container \\\"$key\\\": not found"
  [ $# -gt 0 ] || fatal "execing command in container: please specify command to execute"
  pid=$(sed -n 's/^    "pid": *\([0-9]*\),*$/\1/p' "$file" | head -n 1)
  nsenter -t "$pid" -m -u -i -n -p -- "$@"
  rc=$?
  [ $rc != 127 ] || fatal "execing command in container: Internal error occurred: exec: \\\"$1\\\": executable file not found in \$PATH"
  [ $rc = 0 ] || fatal "execing command in container: command terminated with exit code $rc"
}
case $command in
  exec) run "$@" ;;
  pods) list pods items ;;
  ps) list containers containers ;;
  inspectp) inspect pods "pod sandbox" ;;
  inspect) inspect containers container ;;
  version) cat $base/version ;;
  info) cat $base/info.json ;;
  "") echo "NAME:"; echo "   crictl - client for CRI" ;;
  *) fatal "No help topic for '$command'" ;;
esac
`;

/** Tables of `crictl pods` and `crictl ps`. Input: the index; CHOSEN: ids to show, one a line. */
export const TABLE_PROGRAM = String.raw`
BEGIN {
  count = split(ENVIRON["CHOSEN"], list, "\n")
  for (i = 1; i <= count; i++) chosen[list[i]] = 1
  wide = "%-20s%-20s%-20s%-20s%-20s%-20s%-20s%-20s%s\n"
  if (what == "pods") printf "%-20s%-20s%-20s%-20s%-20s%-20s%s\n", "POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"
  else printf wide, "CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD", "NAMESPACE"
}
function age(seconds) {
  if (seconds < 60) return seconds " seconds ago"
  if (seconds < 3600) return int(seconds / 60) " minutes ago"
  return int(seconds / 3600) " hours ago"
}
what == "pods" && ($1 in chosen) {
  printf "%-20s%-20s%-20s%-20s%-20s%-20s%s\n", substr($1, 1, 13), age(now - $8), "Ready", $3, $2, "0", "(default)"
}
what != "pods" && ($5 in chosen) {
  printf wide, substr($5, 1, 13), substr($7, 1, 13), age(now - $8), "Running", $6, "0", substr($1, 1, 13), $3, $2
}
`;
