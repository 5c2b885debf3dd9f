import { HopbookError } from "../errors.js";
import { showText } from "./names.js";
import { isLinkLocal, unmapIp } from "../linux/address.js";
import { parseAddress, parsePort, type AddressAndPort } from "../linux/endpoint.js";

/** What makes pods, in the words of the API. */
export type WorkloadResource = "deployments" | "statefulsets" | "daemonsets" | "replicasets" | "jobs";

interface Named {
  readonly namespace: string | null;
  readonly name: string;
}

/** An end as the user wrote it, before anybody was asked. */
export type EndName =
  | ({ readonly kind: "pod"; readonly port: number | null } & Named)
  | ({
      readonly kind: "workload";
      readonly resource: WorkloadResource;
      readonly port: number | null;
    } & Named)
  /** Pods by their labels, as kubectl's -l takes them. */
  | {
      readonly kind: "selector";
      readonly namespace: string | null;
      readonly selector: string;
      readonly port: number | null;
    }
  /** The port by its number or its name. */
  | ({ readonly kind: "service"; readonly port: number | string | null } & Named)
  | { readonly kind: "node"; readonly name: string; readonly port: number | null }
  | { readonly kind: "ip"; readonly ip: string; readonly port: number | null };

const NAME = "[0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?";
const NODE_NAME = "[0-9A-Za-z][0-9A-Za-z._-]{0,252}";
const END_PATTERN = new RegExp(`^(?:(${NAME})/)?(?:(${NAME})/)?(${NODE_NAME})(?::(.*))?$`);
/** As kubectl calls them, short and long. */
const KINDS: Readonly<Record<string, "pod" | "service" | "node" | WorkloadResource>> = {
  ...{ po: "pod", pod: "pod", pods: "pod", svc: "service", service: "service", services: "service" },
  ...{ no: "node", node: "node", nodes: "node" },
  ...{ deploy: "deployments", deployment: "deployments", deployments: "deployments" },
  ...{ sts: "statefulsets", statefulset: "statefulsets", statefulsets: "statefulsets" },
  ...{ ds: "daemonsets", daemonset: "daemonsets", daemonsets: "daemonsets" },
  ...{ rs: "replicasets", replicaset: "replicasets", replicasets: "replicasets" },
  ...{ job: "jobs", jobs: "jobs" },
};
const PORT_NAME = /^(?=.*[a-z])[0-9a-z](?:[0-9a-z-]{0,13}[0-9a-z])?$/;

const NAMESPACE = "[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?";
const LABEL_NAME = "[0-9A-Za-z](?:[0-9A-Za-z._-]{0,61}[0-9A-Za-z])?";
/** A prefix has a dot, and so is told from a namespace, which has none. */
const LABEL_KEY = `(?:[0-9a-z-]+(?:\\.[0-9a-z-]+)+/)?${LABEL_NAME}`;
const REQUIREMENT = `${LABEL_KEY}(?:=|==|!=)(?:${LABEL_NAME})?`;
const SELECTOR_PATTERN = new RegExp(
  `^(?:(${NAMESPACE})/)?(${REQUIREMENT}(?:,${REQUIREMENT}){0,19})(?::([0-9]+))?$`,
);

/**
 * `ns/pod`, `pod` (to be completed), `deploy/NAME`, `svc/NAME`, the same in front of their namespace (`ns/svc/NAME`),
 * labels (`app=web`, `ns/app=web,tier=front`), `node/NAME`, an IPv4 or IPv6 address; each with or without a port. Throws
 * INPUT_INVALID.
 */
export function parseEnd(text: string): EndName {
  const address = parseAddress(text);
  if (address !== undefined) return parseIp(address, text);
  if (/^\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*%/.test(text)) throw endInvalid(text, ONE_LINK);
  if (text.length > 1200) throw endInvalid(text, NEITHER);
  if (text.includes("=")) return parseSelector(text);
  const match = END_PATTERN.exec(text);
  const [, first, second, name, portText] = match ?? [];
  if (name === undefined) throw endInvalid(text, NEITHER);
  const kind = kindOf(second ?? first ?? "");
  if (second !== undefined && kind === undefined) throw endInvalid(text, `${second} is no kind`);
  const namespace = kind === undefined ? (first ?? null) : second === undefined ? null : (first ?? null);
  const port = portText === undefined ? null : parsePort(portText);
  if (kind === "service") {
    const named = port === undefined && PORT_NAME.test(portText ?? "") ? portText : port;
    if (named === undefined)
      throw endInvalid(text, "its port is neither a number from 1 to 65535 nor a name");
    return { kind, namespace, name: asObjectName(name, text), port: named };
  }
  if (port === undefined) throw endInvalid(text, "its port is not a number from 1 to 65535");
  if (kind === "node") {
    if (namespace !== null) throw endInvalid(text, "a node is in no namespace");
    return { kind, name, port };
  }
  if (namespace === null && kind === undefined && /^[0-9.]+$/.test(name))
    throw endInvalid(text, "it is no address");
  const object = asObjectName(name, text);
  if (kind === undefined || kind === "pod") return { kind: "pod", namespace, name: object, port };
  return { kind: "workload", resource: kind, namespace, name: object, port };
}

const ONE_LINK = "a link-local address is good on one link alone, and names no end";

function parseIp({ ip, port }: AddressAndPort, text: string): EndName {
  // Packets for an IPv4 address that is written as an IPv6 one are of IPv4.
  if (!isLinkLocal(ip)) return { kind: "ip", ip: unmapIp(ip), port };
  throw endInvalid(text, ONE_LINK);
}

/** The namespace that a pod's or workload's text names; null where it names none, or is something else. */
export function namespaceOf(text: string): string | null {
  const name = parseEnd(text);
  return "namespace" in name && name.kind !== "service" ? name.namespace : null;
}

/** An end whose text names no namespace, in this one. */
export function withNamespace(name: EndName, namespace: string | null): EndName {
  if (namespace === null || !("namespace" in name) || name.namespace !== null) return name;
  return { ...name, namespace };
}

const NEITHER = "it is neither a pod nor a node nor an address";

function kindOf(word: string): (typeof KINDS)[string] | undefined {
  return Object.hasOwn(KINDS, word) ? KINDS[word] : undefined;
}

function asObjectName(name: string, text: string): string {
  if (!new RegExp(`^${NAME}$`).test(name)) throw endInvalid(text, `${name} is no name of a pod`);
  return name;
}

function parseSelector(text: string): EndName {
  const [, namespace = null, selector, portText] = SELECTOR_PATTERN.exec(text) ?? [];
  if (selector === undefined) throw endInvalid(text, "its labels are not written as KEY=VALUE,KEY=VALUE");
  const port = portText === undefined ? null : parsePort(portText);
  if (port === undefined) throw endInvalid(text, "its port is not a number from 1 to 65535");
  return { kind: "selector", namespace, selector, port };
}

function endInvalid(text: string, why: string): HopbookError {
  return new HopbookError("INPUT_INVALID", `Cannot tell which end is meant by ${showText(text)}: ${why}`, {
    hint: "write namespace/pod, namespace/pod:port, node/NAME, 192.0.2.1:80 or [2001:db8::1]:80",
  });
}
