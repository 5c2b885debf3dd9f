import { isRecord, parseJson } from "../../../linux/json.js";

/** `nstat -asz --json`: counters by name, such as TcpExtIPReversePathFilter. */
export function parseNstat(text: string): Map<string, number> {
  const root = parseJson(text);
  const kernel = isRecord(root) && isRecord(root["kernel"]) ? root["kernel"] : {};
  return new Map(
    Object.entries(kernel).flatMap(([name, value]) => (typeof value === "number" ? [[name, value]] : [])),
  );
}

/** /proc/net/snmp and /proc/net/netstat: pairs of lines `Udp: names…`, `Udp: values…`; names as nstat's. */
export function parseSnmp(text: string): Map<string, number> {
  const lines = text.split("\n").map((line) => line.split(/\s+/));
  const counters = new Map<string, number>();
  let names: readonly string[] = [];
  for (const values of lines) {
    const [of = ""] = values;
    // The second line of a pair; one without its first is passed over.
    if (of !== names[0]) {
      names = values;
      continue;
    }
    for (const [index, name] of names.entries()) {
      const value = Number(values[index]);
      if (name !== "" && Number.isFinite(value)) counters.set(of.replace(":", "") + name, value);
    }
    names = [];
  }
  return counters;
}

/** `sysctl …`: values by name, with slashes between the parts and dots as they are in device names. */
export function parseSysctl(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [name, value] = line.split(/\s*=\s*/, 2);
    if (name === undefined || value === undefined) continue;
    // sysctl(8) swaps the two signs: it prints net.ipv4.conf.vxlan/calico.rp_filter.
    const slashed = name.trim().replaceAll(/[./]/g, (sign) => (sign === "." ? "/" : "."));
    values.set(slashed, value.trim());
  }
  return values;
}

/** `ss -Hlntu`: what listens. */
export interface Listener {
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
}

export function parseSockets(text: string): Listener[] {
  return text.split("\n").flatMap((line) => {
    const match = /^(tcp|udp)\s+\S+\s+\d+\s+\d+\s+(\S+):(\d+)\s/.exec(`${line} `);
    if (match === null) return [];
    const [, protocol = "", address = "", port = ""] = match;
    return [{ protocol: protocol as "tcp" | "udp", address, port: Number(port) }];
  });
}
