import { ALL_VIAS } from "../../model/access.js";

/** What Wireshark is told and asks for (its extcap(4) and doc/extcap_example.py): sentences, a line each. */
export const INTERFACE = "hopbook";
/** Of pcapng the link types stand in the stream; one has to be named. */
const ETHERNET = 1;

interface ExtcapArgument {
  /** The flag of `hopbook extcap` and of the runbook capture. */
  readonly flag: string;
  readonly display: string;
  readonly tooltip: string;
  readonly type: "string" | "boolflag" | "selector" | "fileselect";
  readonly values?: readonly string[];
  readonly fallback?: string;
}

export const EXTCAP_ARGUMENTS: readonly ExtcapArgument[] = [
  {
    ...{ flag: "pod", display: "Pods", type: "string" },
    tooltip: "namespace/pod, deploy/NAME, svc/NAME, labels (app=web), several with blanks between",
  },
  {
    ...{ flag: "node", display: "Nodes", type: "string" },
    tooltip: "Nodes at whose own interfaces to capture, several with blanks between",
  },
  {
    ...{ flag: "interface", display: "Interface", type: "string" },
    tooltip: "any for all; empty: a pod's first one, and all of a node",
  },
  {
    ...{ flag: "filter", display: "Filter", type: "string" },
    tooltip: "A tcpdump expression, such as udp port 53; empty: everything, or the capture filter",
  },
  { flag: "payload", display: "Whole packets", type: "boolflag", tooltip: "In place of their headers only" },
  {
    ...{ flag: "duration", display: "For at most", type: "string", fallback: "1h" },
    tooltip: "How long to capture, such as 10m, where nobody stops it before",
  },
  {
    ...{ flag: "via", display: "Way in", type: "selector", values: ["auto", ...ALL_VIAS], fallback: "auto" },
    tooltip: "How nodes and pods are entered",
  },
  {
    ...{ flag: "cluster", display: "Cluster profile", type: "fileselect" },
    tooltip: "Without one: the kubeconfig's current context",
  },
  {
    flag: "context",
    display: "Context",
    type: "string",
    tooltip: "Of the kubeconfig, in place of a cluster profile",
  },
];

export function listInterfaces(): string {
  return [
    "extcap {version=1.0}{display=hopbook}",
    `interface {value=${INTERFACE}}{display=hopbook: pods and nodes of a cluster}`,
  ]
    .map((line) => `${line}\n`)
    .join("");
}

export function listDlts(): string {
  return `dlt {number=${ETHERNET}}{name=EN10MB}{display=As each point has it}\n`;
}

export function listArguments(): string {
  const lines = EXTCAP_ARGUMENTS.flatMap(
    ({ flag, display, tooltip, type, values = [], fallback }, number) => [
      `arg {number=${number}}{call=--${flag}}{display=${display}}{type=${type}}{tooltip=${tooltip}}` +
        `${fallback === undefined || type === "selector" ? "" : `{default=${fallback}}`}` +
        `${type === "fileselect" ? "{mustexist=true}" : ""}`,
      ...values.map(
        (value) => `value {arg=${number}}{value=${value}}{display=${value}}{default=${value === fallback}}`,
      ),
    ],
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** What `hopbook run capture` is given for what Wireshark's dialog said: empty fields are none. */
export function captureWords(
  given: Readonly<Record<string, string | boolean | undefined>>,
  captureFilter: string | undefined,
): string[] {
  const words: string[] = [];
  for (const { flag, type, fallback } of EXTCAP_ARGUMENTS) {
    const value = given[flag];
    if (type === "boolflag") {
      if (value === true || value === "true") words.push(`--${flag}`);
      continue;
    }
    // What is chosen unless another one is.
    if (type === "selector" && value === fallback) continue;
    const said =
      typeof value === "string" && value !== "" ? value : type === "selector" ? "" : (fallback ?? "");
    const text = flag === "filter" && said === "" ? (captureFilter ?? "") : said;
    const isList = flag === "pod" || flag === "node";
    for (const one of isList ? text.split(/[\s]+/) : [text]) if (one !== "") words.push(`--${flag}=${one}`);
  }
  return words;
}
