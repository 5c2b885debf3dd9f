import type { JsonRecord } from "../../linux/json.js";
import { linesOf, wordsOf } from "../../linux/lines.js";
import { listLinkKinds } from "../../wire/registry.js";
import { readPairs, without } from "./words.js";

/** `2: v0@v1: <BROADCAST,UP> mtu 1500 qdisc noqueue master br0 state UP`, or `v0@if7`. */
const HEAD = /^(\d{1,10}): ([^\s@:]+)(?:@(\S+?))?:? <([A-Z0-9_,-]*)> (.*)$/;

/** Kinds, which are the first words of their lines; of others nothing is read. */
const KINDS = new Set([
  ...listLinkKinds(),
  ...["veth", "bridge", "vlan", "bond", "vrf", "macvlan", "macvtap", "ipvlan", "netkit", "dummy", "tun"],
]);

const FAMILIES = new Set(["inet", "inet6"]);
const SCOPE_WORDS = new Set([
  "secondary",
  "tentative",
  "dadfailed",
  "deprecated",
  "dynamic",
  "noprefixroute",
]);

/** `ip [-d] [-s] link` or `ip [-d] address` as `-j` prints them, as far as it is read: ip-link(8), ip-address(8). */
export function readPlainLinks(text: string): JsonRecord[] {
  const links: Record<string, unknown>[] = [];
  let waiting: "rx" | "tx" | null = null;
  for (const line of linesOf(text)) {
    const head = HEAD.exec(line);
    const link = links.at(-1);
    if (head !== null) links.push(readHead(head));
    else if (link !== undefined) {
      const words = wordsOf(line);
      if (waiting !== null) addCounters(link, waiting, words);
      waiting = words[0] === "RX:" ? "rx" : words[0] === "TX:" ? "tx" : null;
      if (waiting === null) addLine(link, words);
    }
  }
  return links;
}

function readHead([, index, name, other, flags = "", rest = ""]: RegExpExecArray): Record<string, unknown> {
  const elsewhere = /^if(\d{1,10})$/.exec(other ?? "")?.[1];
  const named = readPairs(wordsOf(rest), {
    mtu: "mtu",
    qdisc: "qdisc",
    master: "master",
    state: "operstate",
  });
  return {
    ...without({ ifindex: Number(index), ifname: name, flags: flags.split(",") }),
    ...named,
    ...(elsewhere === undefined
      ? without({ link: other === "NONE" ? undefined : other })
      : { link_index: Number(elsewhere) }),
    ...(elsewhere === undefined ? {} : { link_netnsid: netnsOf(rest) ?? 0 }),
    addr_info: [],
  };
}

function netnsOf(text: string): number | undefined {
  const id = /\blink-netnsid (\d{1,9})\b/.exec(text)?.[1];
  return id === undefined ? undefined : Number(id);
}

function addLine(link: Record<string, unknown>, words: readonly string[]): void {
  const [first = "", second] = words;
  if (first.startsWith("link/")) {
    Object.assign(link, without({ link_type: first.slice("link/".length), address: second }));
    const id = netnsOf(words.join(" "));
    if (id !== undefined) link["link_netnsid"] = id;
  } else if (FAMILIES.has(first)) {
    (link["addr_info"] as JsonRecord[]).push(readAddress(words));
  } else if (first === "alias") link["ifalias"] = words.slice(1).join(" ");
  else if (KINDS.has(first)) link["linkinfo"] = { info_kind: first, info_data: readData(words) };
}

function readAddress(words: readonly string[]): JsonRecord {
  const [family, given = ""] = words;
  const [local = "", bits] = given.split("/");
  const at = words.indexOf("peer");
  const [peer, peerBits] = at < 0 ? [] : (words[at + 1] ?? "").split("/");
  return without({
    ...{
      family,
      local,
      address: peer,
      prefixlen: Number(bits ?? peerBits ?? (family === "inet" ? 32 : 128)),
    },
    ...readPairs(words, { scope: "scope" }),
    // Behind the scope and the flags IPv4 has the label that ifconfig knew.
    label: family === "inet" && words.at(-2) !== "scope" ? words.at(-1) : undefined,
    ...Object.fromEntries(words.filter((word) => SCOPE_WORDS.has(word)).map((word) => [word, true])),
  });
}

function readData(words: readonly string[]): JsonRecord {
  const { id, port, remote, ...rest } = readPairs(words, {
    ...{ id: "id", dstport: "port", remote: "remote", group: "group", local: "local", dev: "link" },
    ...{ protocol: "protocol", mode: "mode", table: "table", ikey: "ikey", okey: "okey" },
    ...{ vlan_filtering: "vlan_filtering", stp_state: "stp_state", active_slave: "active_slave" },
  });
  const isExternal = words.includes("external");
  // A VLAN's own data begins with its protocol: `vlan protocol 802.1Q id 5`.
  return without({
    ...rest,
    ...{ id: numberOr(id), port: numberOr(port) },
    ...{ remote: remote === "any" ? undefined : remote },
    ...{
      external: isExternal ? true : undefined,
      learning: words.includes("nolearning") ? false : undefined,
    },
  });
}

function numberOr(value: unknown): number | undefined {
  return typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : undefined;
}

function addCounters(link: Record<string, unknown>, way: "rx" | "tx", words: readonly string[]): void {
  const [bytes, packets, errors, dropped] = words.map(Number);
  const known = link["stats64"] as JsonRecord | undefined;
  link["stats64"] = { ...known, [way]: without({ bytes, packets, errors, dropped }) };
}
