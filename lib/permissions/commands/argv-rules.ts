/**
 * Looks at the arguments of programs that can do more than read. Each rule gets the words after the
 * program's name and says what is wrong with them; undefined where they only read.
 */
export type ArgumentRule = (args: readonly string[]) => string | undefined;

const IP_OPTIONS = /^-(j|json|p|pretty|d|details|s|stats|statistics|o|oneline|br|brief|4|6|N|Numeric)$/;
const IP_OBJECTS: Readonly<Record<string, readonly string[]>> = {
  link: ["show", "list", "ls"],
  address: ["show", "list", "ls"],
  addr: ["show", "list", "ls"],
  route: ["show", "list", "ls", "get"],
  rule: ["show", "list", "ls"],
  neigh: ["show", "list", "ls", "get"],
  neighbour: ["show", "list", "ls", "get"],
  netns: ["list", "list-id", "identify", "pids"],
  tunnel: ["show", "list", "ls"],
  nexthop: ["show", "list", "ls", "get"],
  netconf: ["show"],
};
const BRIDGE_OBJECTS: Readonly<Record<string, readonly string[]>> = {
  fdb: ["show", "list", "get"],
  link: ["show", "list"],
  vlan: ["show", "list"],
  mdb: ["show", "list"],
};

/** ip(8): options that only change the output, an object, a verb that reads. */
export const readsByIp: ArgumentRule = (args) => checkObjects(args, IP_OBJECTS);
/** bridge(8). */
export const readsByBridge: ArgumentRule = (args) => checkObjects(args, BRIDGE_OBJECTS);

function checkObjects(
  args: readonly string[],
  objects: Readonly<Record<string, readonly string[]>>,
): string | undefined {
  if (args.length === 1 && (args[0] === "-V" || args[0] === "-Version")) return undefined;
  const start = args.findIndex((word) => !IP_OPTIONS.test(word));
  const object = args[start];
  if (object === undefined) return "it names nothing to show";
  const verbs = Object.hasOwn(objects, object) ? objects[object] : undefined;
  if (verbs === undefined) return `${JSON.stringify(object)} is none of ${Object.keys(objects).join(", ")}`;
  const verb = args[start + 1];
  if (verb === undefined || verbs.includes(verb)) return undefined;
  return `${JSON.stringify(verb)} does not only read`;
}

/** Values below /proc/sys/net that only root may see: what addresses and cookies are made of. */
const NETWORK_KEYS = /(stable_secret|tcp_fastopen_key)$/;

/** What is of the network, and what the kernel is called. */
const NETWORK_SYSCTL = /^(net[./]|kernel[./](hostname|osrelease|ostype|version)$)/;

/** The parts of a name with one separator between each: two in a row are a way out of /proc/sys. */
const SYSCTL_NAME = /^[A-Za-z0-9_@:+-]+([./][A-Za-z0-9_@:+-]+)*[./]?$/;

/**
 * sysctl(8): names of the network to read, no assignment, no file. busybox's and procps' before 4.0 put a name behind /proc/sys/ and
 * open it: `net/../../../etc/shadow` is a name to them, and so is `net.//.//.//.etc.shadow`, where each separator
 * stands for the other one.
 */
export const readsBySysctl: ArgumentRule = (args) => {
  const isRead = (word: string): boolean =>
    word.startsWith("-")
      ? /^-[enN]+$/.test(word)
      : SYSCTL_NAME.test(word) && NETWORK_SYSCTL.test(word) && !NETWORK_KEYS.test(word);
  const bad = args.find((word) => !isRead(word));
  return bad === undefined ? undefined : `${JSON.stringify(bad)} is no name of the network's to read`;
};

/** nstat(8): counters; -d would start a daemon, and without both -a and -s it makes its history file in /tmp. */
export const readsByNstat: ArgumentRule = (args) => {
  const fault = onlyFlags(/^(-[asznjp]+|--json|--zeros|--ignore|--pretty|--nooutput|--noupdate)$/)(args);
  if (fault !== undefined) return fault;
  const has = (long: string, short: RegExp): boolean =>
    args.some((word) => word === long || short.test(word));
  const leavesNothing = has("--noupdate", /^-[a-z]*s/) && has("--ignore", /^-[a-z]*a/);
  return leavesNothing ? undefined : "without -a and -s it makes its history file";
};

/** iptables-save(8): -M would run a program, -f write a file. */
export const readsByIptablesSave: ArgumentRule = (args) => {
  const rest = args.filter((word, index) => {
    const isTable = args[index - 1] === "-t" && /^[a-z]+$/.test(word);
    return !isTable && word !== "-t" && word !== "-c" && word !== "--counters";
  });
  return rest[0] === undefined ? undefined : `${JSON.stringify(rest[0])} is no way to read`;
};

/** nft(8): `list` and output options; -f reads commands from a file, -i asks for them. */
export const readsByNft: ArgumentRule = (args) => {
  if (args.length === 1 && args[0] === "--version") return undefined;
  const start = args.findIndex(
    (word) => !/^(-[janstyST]+|--json|--handle|--numeric|--stateless)$/.test(word),
  );
  const verb = args[start];
  if (verb !== "list") return `${JSON.stringify(verb ?? "")} is not "list"`;
  return args.slice(start).some((word) => /[;\n]/.test(word)) ? "it holds more than one command" : undefined;
};

/** ss(8): -K kills sockets, -D writes a file, -F reads one. */
export const readsBySs: ArgumentRule = (args) => {
  const bad = args.find((word) => word.startsWith("-") && !/^-[HnlatuwxiemopOsr460]+$/.test(word));
  return bad === undefined ? undefined : `${JSON.stringify(bad)} is no way to read`;
};

/** conntrack(8): list, count, statistics; never -D, -F, -I, -U or -z, which zeroes counters. */
export const readsByConntrack: ArgumentRule = (args) => {
  const [first = ""] = args;
  if (!/^(-L|--dump|-C|--count|-S|--stats|-G|--get)$/.test(first))
    return `${JSON.stringify(first)} does not only read`;
  const bad = args
    .slice(1)
    .find(
      (word) =>
        /^-/.test(word) &&
        !/^(-[pfsdrqo]|--(proto|family|src|dst|sport|dport|output|orig-(src|dst|port-src|port-dst)|reply-(src|dst)))$/.test(
          word,
        ),
    );
  return bad === undefined ? undefined : `${JSON.stringify(bad)} is no way to read`;
};

/** ethtool(8): query options, one device. */
export const readsByEthtool: ArgumentRule = (args) => {
  const bad = args.find(
    (word) => word.startsWith("-") && !/^(-[SkiglcmTaxnuPd]|--show-[a-z-]+|--statistics|--json)$/.test(word),
  );
  if (bad !== undefined) return `${JSON.stringify(bad)} does not only read`;
  // More words are values of the option, such as the file that -d reads.
  const [, more] = args.filter((word) => !word.startsWith("-"));
  return more === undefined ? undefined : `${JSON.stringify(more)} is more than one device`;
};

/** The network's own state, and counters of the whole machine: no process, no memory, no key. */
const NETWORK_STATE =
  /^\/(proc\/((self\/|thread-self\/)?net|sys\/net)\/.|sys\/class\/net\/.|proc\/(interrupts|softirqs|stat|vmstat|meminfo|loadavg|uptime|version|cpuinfo)$)/;

/** Links of a network device out of what is of the network. */
const DEVICE_DOORS: ReadonlySet<string> = new Set([
  "device",
  "subsystem",
  "driver",
  "of_node",
  "firmware_node",
  "phydev",
]);

/** cat of the network's state in /proc and /sys, by path, without what leads out of it and without keys. */
export const readsKernelFiles: ArgumentRule = (args) => {
  const paths = args[0] === "--" ? args.slice(1) : args;
  if (paths.length === 0) return "it would read its standard input";
  const bad = paths.find((path) => {
    const parts = path.split("/").slice(1);
    const isPlain = !parts.some((part) => part === "" || part === "." || part === "..");
    const isOut = path.startsWith("/sys/") && parts.some((part) => DEVICE_DOORS.has(part));
    return !isPlain || isOut || !NETWORK_STATE.test(path) || NETWORK_KEYS.test(path);
  });
  return bad === undefined
    ? undefined
    : `${JSON.stringify(bad)} is no state of the network in /proc/net, /proc/sys/net or /sys/class/net`;
};

/** cat of one capture file: an absolute path to a pcap, with nothing in it that climbs out of its folder. */
export const readsCaptureFile: ArgumentRule = (args) => {
  const paths = args[0] === "--" ? args.slice(1) : args;
  const [path = ""] = paths;
  const isPlain = /^\/[^\0]*\.(pcap|cap)$/.test(path) && !path.split("/").includes("..");
  if (paths.length === 1 && isPlain) return undefined;
  return `${JSON.stringify(paths.join(" "))} is not the path of one capture file`;
};

const PING_FLAGS = /^-[nDOqv46]+$/;
const PING_VALUES: Readonly<Record<string, RegExp>> = {
  "-c": /^[1-9][0-9]{0,3}$/,
  "-i": /^(0\.0[1-9][0-9]*|0\.[1-9][0-9]*|[1-9][0-9]*(\.[0-9]+)?)$/,
  "-W": /^[0-9]+(\.[0-9]+)?$/,
  "-w": /^[0-9]+$/,
  "-s": /^[0-9]{1,5}$/,
  "-M": /^(do|dont|want)$/,
  "-p": /^[0-9a-fA-F]{1,32}$/,
  "-t": /^[0-9]{1,3}$/,
  "-I": /^[^-]/,
  "-e": /^[0-9]+$/,
};

/** ping(8): one flood is no probe, and neither is one without an end. */
export const pingsPolitely: ArgumentRule = (args) => {
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? "";
    const pattern = Object.hasOwn(PING_VALUES, word) ? PING_VALUES[word] : undefined;
    const value = pattern === undefined ? undefined : (args[++index] ?? "");
    const fits =
      pattern === undefined ? !word.startsWith("-") || PING_FLAGS.test(word) : pattern.test(value ?? "");
    if (!fits) return `${JSON.stringify([word, value].join(" ").trim())} is not allowed for a probe`;
  }
  return args.includes("-c") ? undefined : "without -c it has no end";
};

const CURL_VALUE_OPTIONS =
  /^(-[mwHAX]|--(max-time|connect-timeout|write-out|header|user-agent|interface|resolve|request|local-port))$/;
const CURL_FLAGS =
  /^(-[sSiIgk46v]+|--(silent|show-error|include|head|globoff|insecure|ipv4|ipv6|http1\.[01]|http2|no-keepalive|path-as-is|disable)|-q)$/;

/** curl(1): a GET or HEAD of http(s) to a place of no consequence: no upload, no file, no configuration. */
export const fetchesByCurl: ArgumentRule = (args) => {
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? "";
    if (CURL_VALUE_OPTIONS.test(word)) {
      index++;
      const value = args[index] ?? "";
      if (value.startsWith("@") || value.includes("%output")) return `${JSON.stringify(value)} names a file`;
      if (/^(-X|--request)$/.test(word) && !/^(GET|HEAD)$/.test(value))
        return `${JSON.stringify(value)} is neither GET nor HEAD`;
    } else if (word === "-o" || word === "--output") {
      index++;
      if (args[index] !== "/dev/null") return `${JSON.stringify(args[index] ?? "")} would be written`;
    } else if (
      word.startsWith("-") ? !CURL_FLAGS.test(word) && word !== "--" : !/^https?:\/\/[^\s{}]+$/.test(word)
    ) {
      return `${JSON.stringify(word)} is not allowed for a probe`;
    }
  }
  return undefined;
};

function onlyFlags(pattern: RegExp): ArgumentRule {
  return (args) => {
    const bad = args.find((word) => !pattern.test(word));
    return bad === undefined ? undefined : `${JSON.stringify(bad)} is no way to read`;
  };
}
