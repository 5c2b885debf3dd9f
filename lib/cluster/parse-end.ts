import { HopbookError } from "../errors.js";
import { parseAddress, parsePort } from "./address.js";
import { showText } from "./names.js";

/** An end as the user wrote it, before anybody was asked. */
export type EndName =
  | {
      readonly kind: "pod";
      readonly namespace: string | null;
      readonly name: string;
      readonly port: number | null;
    }
  | { readonly kind: "node"; readonly name: string; readonly port: number | null }
  | { readonly kind: "ip"; readonly ip: string; readonly port: number | null };

const NAME = "[0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?";
const END_PATTERN = new RegExp(`^(?:(${NAME})/)?(${NAME}|[0-9A-Za-z][0-9A-Za-z._-]*)(?::(.*))?$`);

/**
 * `ns/pod`, `ns/pod:port`, `pod` (to be completed), `node/NAME[:port]`, an IPv4 or IPv6 address with or
 * without a port. Throws INPUT_INVALID.
 */
export function parseEnd(text: string): EndName {
  const address = parseAddress(text);
  if (address !== undefined) return { kind: "ip", ...address };
  const match = text.length > 600 ? null : END_PATTERN.exec(text);
  const name = match?.[2];
  if (name === undefined) throw endInvalid(text, "it is neither a pod nor a node nor an address");
  const port = match?.[3] === undefined ? null : parsePort(match[3]);
  if (port === undefined) throw endInvalid(text, "its port is not a number from 1 to 65535");
  const namespace = match?.[1] ?? null;
  if (namespace === "node") return { kind: "node", name, port };
  if (namespace === null && /^[0-9.]+$/.test(name)) throw endInvalid(text, "it is no address");
  return { kind: "pod", namespace, name, port };
}

function endInvalid(text: string, why: string): HopbookError {
  return new HopbookError("INPUT_INVALID", `Cannot tell which end is meant by ${showText(text)}: ${why}`, {
    hint: "write namespace/pod, namespace/pod:port, node/NAME, 192.0.2.1:80 or [2001:db8::1]:80",
  });
}
