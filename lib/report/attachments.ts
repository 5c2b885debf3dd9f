import type { Attachments, LocatedInterface, LocatedPod, MethodWord } from "../model/cni/attachment.js";
import { alignCells } from "../text/table.js";
import { wrapColumns } from "../text/columns.js";
import { createTextStyle, type TextOptions, type TextStyle } from "./text-style.js";

/** Of so many pods each is told at length; more are a table, with those at length whose methods do not agree. */
const MAX_AT_LENGTH = 3;

/** What pods hang on, for people: the answer first, then the devices from the pod outwards, then how that is known. */
export function renderAttachments({ pods }: Attachments, options: TextOptions): string {
  const style = createTextStyle(options);
  const isMany = pods.length > MAX_AT_LENGTH;
  const atLength = isMany ? pods.filter(isDoubtful) : pods;
  const parts = atLength.map((pod) => `${renderPod(pod, style).join("\n")}\n`);
  return [...(isMany ? [renderTable(pods, style)] : []), ...parts].join("\n");
}

function isDoubtful({ interfaces, notes, hostNetwork }: LocatedPod): boolean {
  return !hostNetwork && (notes.length > 0 || interfaces.some(({ agree }) => agree === false));
}

function renderTable(pods: readonly LocatedPod[], style: TextStyle): string {
  const head = ["POD", "NODE", "ADDRESS", "IN THE POD", "ON THE NODE", "BRIDGE", "KNOWN BY"];
  const rows = pods.flatMap(({ pod, node, ips, interfaces, hostNetwork }) => {
    const about = [pod, node, ips[0] ?? "-"];
    if (interfaces.length === 0)
      return [[...about, "-", hostNetwork ? "(the node's own network)" : "?", "-", "-"]];
    return interfaces.map((one) => [
      ...about,
      one.interface,
      one.hostInterface ?? "?",
      one.bridge ?? "-",
      countWords(one, style),
    ]);
  });
  return alignCells([head, ...rows.map((row) => row.map((cell) => style.show(cell)))]);
}

function countWords({ methods }: LocatedInterface, { glyphs }: TextStyle): string {
  const count = (verdict: MethodWord["verdict"]): number =>
    methods.filter((word) => word.verdict === verdict).length;
  const against = count("contradicts");
  return `${count("agrees")} methods${against === 0 ? "" : `, ${glyphs.warn} ${against} against`}`;
}

function renderPod(pod: LocatedPod, style: TextStyle): string[] {
  return [
    style.paint(style.show(sayAnswer(pod)), "bold"),
    "",
    ...renderDevices(pod, style),
    "",
    ...renderProcess(pod, style),
    ...pod.interfaces.flatMap((one) => renderMethods(one, pod, style)),
    ...renderNotes(pod, style),
    ...renderNext(pod, style),
  ];
}

/** One sentence: which device of which node is the pod's. */
function sayAnswer({ pod, node, hostNetwork, interfaces, uplink, interface: own }: LocatedPod): string {
  if (hostNetwork) {
    const by = uplink === null ? "" : `: its packets are the node's own, and leave by ${uplink.interface}`;
    return `${pod} is in the network of ${node} itself${by}`;
  }
  const [main] = interfaces;
  if (main === undefined || own === null) return `What ${pod} on ${node} hangs on is not known`;
  if (main.hostInterface === null) return `${pod}'s ${own} has no end on ${node} that was found`;
  const bridge = main.bridge === null ? "" : `, a port of its bridge ${main.bridge}`;
  return `${pod}'s ${own} is ${main.hostInterface} on ${node}${bridge}`;
}

/** From the pod outwards, a line a device. */
function renderDevices({ pod, node, interfaces, uplink }: LocatedPod, style: TextStyle): string[] {
  const rows = interfaces.flatMap((one) => [
    [one.interface, `in ${pod}`, ...describeDevice(one), one.addresses.join(", ")],
    ...(one.host === null ? [] : [[one.host.name, `on ${node}`, ...describeDevice(one.host), ""]]),
    ...(one.bridge === null ? [] : [[one.bridge, `on ${node}`, "bridge", "", "", "", ""]]),
  ]);
  const tunnels = uplink?.tunnels.map((name) => [name, `on ${node}`, "tunnel", "", "", "", ""]) ?? [];
  const nic =
    uplink === null
      ? []
      : [[uplink.interface, `on ${node}`, "uplink", sayMtu(uplink.mtuBytes), "", "", uplink.address]];
  const lines = alignCells([...rows, ...tunnels, ...nic].map((row) => row.map((cell) => style.show(cell))));
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `  ${line}`);
}

function describeDevice(device: {
  readonly kind: string | null;
  readonly mtuBytes: number | null;
  readonly up: boolean;
  readonly mac: string | null;
}): string[] {
  const { kind, mtuBytes, up, mac } = device;
  return [kind ?? "hardware", sayMtu(mtuBytes), up ? "up" : "DOWN", mac ?? ""];
}

function sayMtu(mtuBytes: number | null): string {
  return mtuBytes === null ? "" : `mtu ${mtuBytes}`;
}

function renderProcess(pod: LocatedPod, style: TextStyle): string[] {
  const { pid, netns, sandbox, containers, recipe, ips } = pod;
  const names = containers.map(({ name, state }) => (/running$/i.test(state) ? name : `${name} (${state})`));
  const facts: readonly (readonly [string, string])[] = [
    ["addresses", ips.join(", ")],
    ["PID", pid === null ? "" : String(pid)],
    ["namespace", netns ?? ""],
    ["sandbox", sandbox?.slice(0, 13) ?? ""],
    ["containers", names.join(", ")],
    ["CNI", recipe ?? ""],
  ];
  return facts
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `  ${style.paint(name.padEnd(12), "dim")}${style.show(value)}`);
}

const METHOD_WORDS: Readonly<Record<MethodWord["method"], string>> = {
  "peer-index": "peer index",
  "namespace-id": "namespace id",
  "cni-result": "CNI result",
  "cni-cache": "CNI cache",
  route: "route",
  neighbour: "neighbour",
  "bridge-table": "bridge table",
  alias: "alias",
  naming: "naming rule",
};

const RANKS: readonly MethodWord["verdict"][] = ["contradicts", "agrees", "silent"];
const METHOD_COLUMNS = 14;

function renderMethods(one: LocatedInterface, pod: LocatedPod, style: TextStyle): string[] {
  const { methods, agree, hostInterface, interface: own } = one;
  if (methods.length === 0) return [];
  const against = methods.filter(({ verdict }) => verdict === "contradicts");
  const agreeing = methods.length - against.length - methods.filter(({ names }) => names === null).length;
  const which = pod.interfaces.length > 1 ? `${own}: ` : "";
  const head =
    agree === null
      ? `${which}no method names the host's end`
      : against.length === 0
        ? `${which}${agreeing} ${agreeing === 1 ? "method names" : "methods name"} ${String(hostInterface)}, none another`
        : `${which}the methods do NOT agree: ${agreeing} for ${String(hostInterface)}, ${against.length} against`;
  const tone = agree === true ? "green" : agree === null ? "yellow" : "red";
  const sorted = RANKS.flatMap((rank) => methods.filter(({ verdict }) => verdict === rank));
  return [
    "",
    `  ${style.paint(style.show(head), tone)}`,
    ...sorted.flatMap((word) => renderMethod(word, style)),
  ];
}

function renderMethod({ method, verdict, says }: MethodWord, style: TextStyle): string[] {
  const { glyphs, width } = style;
  const mark = { agrees: glyphs.ok, contradicts: glyphs.cross, silent: glyphs.none }[verdict];
  const [first = "", ...more] = wrapColumns(style.show(says), width - METHOD_COLUMNS - 6);
  const name = METHOD_WORDS[method].padEnd(METHOD_COLUMNS);
  const tone = ({ agrees: "green", contradicts: "red", silent: "dim" } as const)[verdict];
  const text = (line: string): string => (verdict === "silent" ? style.paint(line, "dim") : line);
  return [
    `    ${style.paint(mark, tone)} ${text(name)}${text(first)}`,
    ...more.map((line) => `      ${" ".repeat(METHOD_COLUMNS)}${text(line)}`),
  ];
}

function renderNotes({ notes }: LocatedPod, style: TextStyle): string[] {
  return notes.flatMap((note) => {
    const [first = "", ...more] = wrapColumns(style.show(note), style.width - 4);
    return [
      "",
      `  ${style.paint(style.glyphs.warn, "yellow")} ${first}`,
      ...more.map((line) => `    ${line}`),
    ];
  });
}

/** What a person types next on the node. */
function renderNext(pod: LocatedPod, style: TextStyle): string[] {
  const { interfaces, netns, node, uplink, hostNetwork } = pod;
  const [main] = interfaces;
  const device = hostNetwork ? (uplink?.interface ?? null) : (main?.hostInterface ?? null);
  const lines = [
    ...(device === null ? [] : [`tcpdump -ni ${device}`]),
    ...(netns === null || main === undefined ? [] : [`nsenter --net=${netns} tcpdump -ni ${main.interface}`]),
  ];
  if (lines.length === 0) return [];
  const head = style.paint(style.show(`by hand, on ${node}:`), "dim");
  return ["", `  ${head}`, ...lines.map((line) => `    ${style.show(line)}`)];
}
