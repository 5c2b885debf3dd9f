import { HopbookError } from "../errors.js";
import type { Argv } from "../model/access.js";
import type { CapturePoint } from "../model/points.js";
import { targetOf } from "../model/hops.js";
import { lookAtTools, TOOL_NAMES } from "../linux/node/looks.js";
import { enterWords } from "./tcpdump.js";

/** What ps shows beside the script. */
export const FILTER_CHECK_NAME = "hopbook-filter-check";
export const FILTER_CHECK_ACTION = "capture/check";

/** The kernel takes no more (BPF_MAXINSNS): tcpdump would then filter by itself, and every packet would be copied to it. */
const KERNEL_INSTRUCTIONS = 4096;
/** What stands in front of a filter where the login's own packets pass, 20 of them, is known once the node was asked. */
const MAX_INSTRUCTIONS = KERNEL_INSTRUCTIONS - 32;
const [ENTER, ENTERED] = enterWords("$2");

/**
 * All that is asked of a node before captures at points, in one command: what it has (as the tools are looked for), its
 * devices where they are wanted, and tcpdump's word on the filters where they are to be used, which captures nothing.
 * Constant POSIX sh; every value is a positional argument: FOLDER DEVICES(y|n), then for each place ID NETNS_PATH|-
 * INTERFACE FILTER. It prints the lines of the tools, `links JSON`, and a line each:
 *   ok ID INSTRUCTIONS · bad ID TEXT · error tool NAME
 * Each is bounded: a name that is looked up, or an expression without end, ends after five seconds.
 */
export const FILTER_CHECK_SCRIPT = `
LC_ALL=C; export LC_ALL
folder=$1 devices=$2
shift 2
${lookAtTools(TOOL_NAMES.join(" "))}
[ "$devices" = n ] || printf 'links %s\\n' "$(ip -d -j address show 2>/dev/null)"
for tool in tcpdump timeout tr cut; do command -v $tool >/dev/null 2>&1 || { echo "error tool $tool"; exit 0; }; done
opts='-k 1 5'
timeout $opts true 2>/dev/null || { opts='-t 5'; timeout $opts true 2>/dev/null || opts=5; }
check() {
  n=; why=
  while IFS= read -r line; do
    case $line in
      ''|*'data link type'*|'Warning: '*|'tcpdump: WARNING: '*) ;;
      *[!0-9\\ ]*) why=\${why:-$line} ;;
      *) n=\${n:-$line} ;;
    esac
  done
  if [ -n "$n" ] && [ -z "$why" ]; then echo "ok $1 $n"
  else printf 'bad %s %s\\n' "$1" "$(printf '%s' "\${why:-it took more than 5 s to compile}" | tr -c '[:print:]' ' ' | cut -c1-300)"
  fi
}
while [ $# -ge 4 ]; do
  enter=
  [ "$2" = - ] || enter=${ENTER}
  timeout $opts \${enter:+${ENTER}} \${enter:+"${ENTERED}"} \\
    tcpdump -p -n -ddd -i "$3" -- "$4" 2>&1 </dev/null | check "$1"
  shift 4
done
`;

/** Where a filter is to be used. */
export type FilterPlace = Pick<CapturePoint, "id" | "netns" | "interface" | "filter">;

/** The command that looks at a node for the captures at these places. */
export function planFilterCheck(
  places: readonly FilterPlace[],
  { workDir, devices }: { readonly workDir: string; readonly devices: boolean },
): Argv {
  const words = places.flatMap(({ id, netns, interface: name, filter }) => [
    ...[id, netns.kind === "path" ? netns.path : "-", name, filter],
  ]);
  return ["sh", "-c", FILTER_CHECK_SCRIPT, FILTER_CHECK_NAME, workDir, devices ? "y" : "n", ...words];
}

const VERDICTS = ["ok", "bad"];

/** What the node said of its devices, JSON as `ip` prints it; null where it was not asked, or had no word. */
export function linksTextOf(text: string): string | null {
  const line = text.split("\n").find((each) => each.startsWith("links "));
  return line?.slice("links ".length) ?? null;
}

/** Throws INPUT_INVALID with tcpdump's own words where it refuses a filter, CAPTURE_FAILED where it could not be asked. */
export function readFilterCheck(text: string, points: readonly CapturePoint[]): void {
  const lines = text.split("\n").map((line) => line.split(" "));
  for (const point of points) {
    const [verdict, , ...rest] =
      lines.find(([said = "", id]) => VERDICTS.includes(said) && id === point.id) ?? [];
    const said = rest.join(" ").replace(/^tcpdump: /, "");
    const where = { node: targetOf(point) };
    if (verdict === "ok" && Number(said) <= MAX_INSTRUCTIONS) continue;
    if (verdict === "ok") {
      throw new HopbookError(
        "INPUT_INVALID",
        `Cannot use the filter at ${point.name}: it has ${said} instructions, and ${MAX_INSTRUCTIONS} can be used`,
        { where, hint: "Make it shorter: nets in place of many hosts" },
      );
    }
    if (verdict === "bad" && isDenied(said)) {
      throw new HopbookError("CAPTURE_FAILED", `Cannot capture at ${point.name}: ${said}`, {
        where,
        hint: "Is the interface still there, and may it be captured at? hopbook run find-interface shows it",
      });
    }
    if (verdict === "bad") {
      throw new HopbookError(
        "INPUT_INVALID",
        `Cannot use the filter ${JSON.stringify(point.filter.slice(0, 200))} at ${point.name}: ${said}`,
        { where, hint: "Write it as for tcpdump (pcap-filter(7)): udp port 53 and host 10.0.0.1" },
      );
    }
    throw new HopbookError("CAPTURE_FAILED", `Cannot have tcpdump check the filter at ${point.name}`, {
      where,
      detail: text.slice(0, 1000),
    });
  }
}

/** What is wrong with the place, and not with the expression. */
function isDenied(said: string): boolean {
  return /No such device|No such file|doesn't exist|not permitted|permission to/i.test(said);
}
