import { CONTAINER_EXEC_NAME } from "../../model/exec/container-exec.js";

/**
 * What the constant scripts may be given. Their text is known to the letter, yet one passes its values on to crictl,
 * and others make files of them or compute with them.
 */
type ValueRule = (values: readonly string[]) => string | undefined;

const COUNT = /^[0-9]{1,12}$/;
const RUNTIME_ID = /^[0-9A-Za-z][0-9A-Za-z_.-]{0,255}$/;
const ENDPOINT = /^(unix:\/\/\/[^\s]{1,200})?$/;
const NETNS_PATH = /^\/(?!.*\/\.\.(\/|$))[^\n]*$/;
/** Within the double quotes of ctr's filter, and a part of a path's pattern. */
const POD_WORD = /^([0-9a-z][0-9a-z.-]{0,252})?$/;
const HOP_WORDS: readonly RegExp[] = [
  /^(?!.*\.\.)[0-9A-Za-z][0-9A-Za-z._@+-]{0,119}$/, // id
  /^(-|\/(?!.*\/\.\.(\/|$))[^\n]*)$/, // network namespace
  /^[^-/\s][^/\s]{0,14}$/, // interface
  COUNT, // snaplen
  /^[yn]$/, // promiscuous
  /^[ -~]*$/, // filter, behind --
];
/** Of them what a filter is checked with: id, network namespace, interface, filter. */
const CHECKED_WORDS = [0, 1, 2, 5].flatMap((index) => HOP_WORDS[index] ?? []);
const CAPTURE_DIR = /^\/(?!.*\/\.\.(\/|$))([^\n]*\/)?hopbook-[0-9A-Za-z._@+-]+$/;
const STATE_DIR = /^\/(?!.*\/\.\.(\/|$))([^\n]*\/)?hopbook-[0-9A-Za-z._@+-]+\.detached$/;
const LEFTOVER =
  /^(folder:hopbook-[0-9a-f]{12}-[0-9A-Za-z._@+-]+|relay:\/(dev\/shm|var\/tmp|tmp)\/hopbook-(relay|look)-[0-9A-Za-z]{1,16}|trace:hopbook-[0-9a-f]{12}-[0-9A-Za-z_.-]+|process:[0-9]{1,10}:[0-9]{1,20})$/;
const CAPTURE_LIMITS = 7;
const PORT_NAME = /^[0-9A-Za-z][0-9A-Za-z_.-]{0,318}$/;
const DNS_QUESTION = /^(\\x[0-9a-f]{2}){2}\\x01\\x00\\x00\\x01(\\x00){5}\\x0[01](\\x[0-9a-f]{2}){6,290}$/;
const HTTPS_WORDS =
  /^[0-9]{1,4} (-|[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}) [0-9a-f]{12}-[0-9]{1,4} \/[!-~]{0,1023} [A-Za-z0-9_.:[\]-]{1,300} (\\x[0-9a-f]{2})*$/;
const PROGRAM = /^[0-9A-Za-z][0-9A-Za-z_.+-]{0,63}$/;
const ESCAPED_BYTES = /^(\\x[0-9a-f]{2})*$/;

const RULES: Readonly<Record<string, ValueRule>> = {
  "hopbook-crictl": ([endpoint = "", verb = "", ...rest]) =>
    firstMisfit([
      [endpoint, ENDPOINT],
      [verb, /^(pods|ps)$/],
      [rest.join(" "), /^(-o json)?$/],
    ]),
  "hopbook-inspectp": ([endpoint = "", ...ids]) =>
    firstMisfit([[endpoint, ENDPOINT], ...ids.map((id) => [id, RUNTIME_ID] as const)]),
  "hopbook-runtime-ctr": checkPodOfNode,
  "hopbook-runtime-docker": checkPodOfNode,
  "hopbook-runtime-podman": checkPodOfNode,
  "hopbook-runtime-proc": checkPodOfNode,
  "hopbook-runtime-addresses": ([path = "", ...rest]) =>
    firstMisfit([
      [path, NETNS_PATH],
      [rest.join(" "), /^$/],
    ]),
  "hopbook-cni-cache": (ids) => firstMisfit(ids.map((id) => [id, RUNTIME_ID])),
  "hopbook-capture": checkCapture,
  "hopbook-capture-detached": ([mode = "", state = "", dir = "", ...words]) =>
    state !== `${dir}.detached`
      ? `${JSON.stringify(state.slice(0, 160))} is no value for it`
      : (firstMisfit([
          [mode, /^(start|attach|keep)$/],
          [words[0] ?? "0", COUNT],
        ]) ??
        // The third word of `start` is data that it only stores; the capture agent's own words stand behind it.
        (mode === "start" && words[2] === dir
          ? checkCapture(words.slice(2))
          : firstMisfit([
              [dir, CAPTURE_DIR],
              [words.join(" "), mode === "start" ? /(?!)/ : /^$/],
            ]))),
  "hopbook-follow": ([dir = "", ...ids]) =>
    firstMisfit([[dir, CAPTURE_DIR], ...ids.map((id) => [id, HOP_WORDS[0] ?? /(?!)/] as const)]),
  "hopbook-capture-packet": ([lease = "", seconds = "", ...words]) =>
    firstMisfit([
      [lease, COUNT],
      [seconds, COUNT],
      ...[...words, ...(words.length === 3 ? [] : ["\n"])].map(
        (word, index) => [word, CHECKED_WORDS[index + 1] ?? /(?!)/] as const,
      ),
    ]),
  "hopbook-pod-log": ([
    lease = "",
    seconds = "",
    folder = "",
    namespace = "",
    pod = "",
    container = "",
    ...rest
  ]) =>
    firstMisfit([
      [lease, COUNT],
      [seconds, COUNT],
      [folder, /^\/var\/log\/pods$/],
      [namespace, POD_WORD],
      [pod, POD_WORD],
      [container, /^(-|[0-9a-z]([0-9a-z-]{0,61}[0-9a-z])?)$/],
      [rest.join(" "), /^(all)?$/],
    ]),
  [CONTAINER_EXEC_NAME]: ([seconds = "", endpoint = "", ...rest]) => {
    const [namespace = "", pod = "", sandbox = "", container = "", program = ""] = rest;
    return firstMisfit([
      [seconds, COUNT],
      [endpoint, ENDPOINT],
      [namespace, POD_WORD],
      [pod, POD_WORD],
      [sandbox, RUNTIME_ID],
      [container, /^([0-9a-z]([0-9a-z-]{0,61}[0-9a-z])?)?$/],
      // An option would be one of the runtime's client.
      [program, /^[^-]/s],
    ]);
  },
  "hopbook-tools": ([folder = "", ...programs]) =>
    firstMisfit([[folder, NETNS_PATH], ...programs.map((program) => [program, PROGRAM] as const)]),
  "hopbook-tools-folder": (folders) => firstMisfit(folders.map((folder) => [folder, NETNS_PATH])),
  "hopbook-filter-check": ([folder = "", devices = "", ...words]) =>
    firstMisfit([
      [folder, NETNS_PATH],
      [devices, /^[yn]$/],
      ...words.map((word, index) => [word, CHECKED_WORDS[index % CHECKED_WORDS.length] ?? /(?!)/] as const),
    ]),
  "hopbook-detached-list": ([mode = "", ...folders]) =>
    firstMisfit([
      [mode, /^(list|bundle)$/],
      ...folders.map((folder) => [folder, mode === "bundle" ? STATE_DIR : NETNS_PATH] as const),
    ]),
  "hopbook-droptrace": ([name = "", lease = "", buffer = "", bytes = ""]) =>
    firstMisfit([
      [name, /^hopbook-[0-9A-Za-z_.-]+$/],
      [lease, COUNT],
      [buffer, COUNT],
      [bytes, COUNT],
    ]),
  "hopbook-doctor": ([work = "", endpoint = "", ...pods]) =>
    firstMisfit([
      [work, NETNS_PATH],
      [endpoint, ENDPOINT],
      ...pods.map((word, index) => [word, index % 3 === 2 ? /^(-|[0-9A-Za-z-]{1,64})$/ : POD_WORD] as const),
    ]),
  "hopbook-leftovers": ([mode = "", work = "", run = "", ...items]) =>
    firstMisfit([
      [mode, /^(list|remove)$/],
      [work, /^\/(?!.*\/\.\.(\/|$))[^\n]*$/],
      [run, RUNTIME_ID],
      ...items.map((item, index) => [item, index === 0 ? /^[yn]$/ : LEFTOVER] as const),
    ]),
  // They go into an expression.
  "hopbook-switch-trace": ([
    protocol = "",
    from = "",
    to = "",
    source = "",
    target = "",
    port = "",
    ...rest
  ]) =>
    firstMisfit([
      [protocol, /^(icmp|icmpv6|tcp|udp)$/],
      [from, PORT_NAME],
      [to, to === "" ? /^$/ : PORT_NAME],
      ...[source, target].map((ip) => [ip, /^[0-9A-Fa-f.:]+$/] as const),
      [port, COUNT],
      [rest.join(" "), /^$/],
    ]),
  "hopbook-flow-trace": ([protocol = "", from = "", source = "", target = "", port = "", ...rest]) =>
    firstMisfit([
      [protocol, /^(icmp|icmpv6|tcp|udp)$/],
      [from, PORT_NAME],
      ...[source, target].map((ip) => [ip, /^[0-9A-Fa-f.:]+$/] as const),
      [port, COUNT],
      [rest.join(" "), /^$/],
    ]),
  // They go behind a colon, to the agent's own program.
  "hopbook-agent-policy": (ips) => firstMisfit(ips.map((ip) => [ip, /^[0-9A-Fa-f.:]+$/] as const)),
  "hopbook-agent-drops": (values) => firstMisfit([[values.join(" "), /^$/]]),
  "hopbook-probe-udp": checkProbe,
  "hopbook-probe-tcp": checkProbe,
  "hopbook-probe-https": ([mode = "", ...values]) => {
    const [ip = "", port = "", interval = "", timeout = "", ...payloads] = values;
    return firstMisfit([
      [mode, /^https$/],
      [ip, /^[0-9A-Fa-f.:]+$/],
      ...[port, interval, timeout].map((word) => [word, COUNT] as const),
      ...payloads.map((payload) => [payload, HTTPS_WORDS] as const),
    ]);
  },
  // Nothing but questions leaves by it: RFC 1035 4.1.1, recursion desired, one question, no records but EDNS.
  "hopbook-names": (values) =>
    checkProbe(values) ??
    firstMisfit([
      [values[0] ?? "", /^datagram$/],
      [values[2] ?? "", /^53$/],
      ...values.slice(5).map((payload) => [payload, DNS_QUESTION] as const),
    ]),
  "hopbook-resolver": ([path = "", ...rest]) =>
    firstMisfit([
      [path, path === "-" ? /^-$/ : NETNS_PATH],
      [rest.join(" "), /^$/],
    ]),
};

function checkCapture([dir = "", ...words]: readonly string[]): string | undefined {
  return firstMisfit([
    [dir, CAPTURE_DIR],
    ...words.slice(0, CAPTURE_LIMITS).map((word) => [word, COUNT] as const),
    ...words
      .slice(CAPTURE_LIMITS)
      .map((word, index) => [word, HOP_WORDS[index % HOP_WORDS.length] ?? /^$/] as const),
  ]);
}

function checkPodOfNode(values: readonly string[]): string | undefined {
  const [endpoint = "", namespace = "", name = "", ...rest] = values;
  return firstMisfit([
    [endpoint, ENDPOINT],
    [namespace, POD_WORD],
    [name, POD_WORD],
    [rest.join(" "), /^$/],
  ]);
}

/** bash computes with the numbers, and what it computes with it also expands: digits only. */
function checkProbe(values: readonly string[]): string | undefined {
  const [mode = "", ip = "", port = "", interval = "", timeout = "", ...payloads] = values;
  return firstMisfit([
    [mode, /^(datagram|dns|connect|http|tls)$/],
    [ip, /^[0-9A-Fa-f.:]+$/],
    ...[port, interval, timeout].map((word) => [word, COUNT] as const),
    ...payloads.map((payload) => [payload, mode === "http" ? /^http:\/\/[!-~]+ / : ESCAPED_BYTES] as const),
  ]);
}

/** What is wrong with the values of a script of known text; undefined where nothing is. */
export function findValueFault(name: string, values: readonly string[]): string | undefined {
  if (values.length === 0) return undefined;
  // What takes values and has no rule would have them unseen.
  return Object.hasOwn(RULES, name) ? RULES[name]?.(values) : `${name} takes no values`;
}

function firstMisfit(pairs: readonly (readonly [string, RegExp])[]): string | undefined {
  const misfit = pairs.find(([value, pattern]) => !pattern.test(value));
  return misfit === undefined ? undefined : `${JSON.stringify(misfit[0].slice(0, 160))} is no value for it`;
}
