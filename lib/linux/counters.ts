import { isRecord, parseJson } from "./json.js";
import { linesOf } from "./lines.js";

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
  const lines = linesOf(text).map((line) => line.split(/\s+/));
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
