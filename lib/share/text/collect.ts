import type { Mapping } from "../mapping/mapping.js";
import { isAddress } from "../../linux/address.js";
import type { NameKind } from "../mapping/names.js";
import { findTokens, type Kept } from "./tokens.js";
import { takeUrlPath, takeUrls } from "./url-paths.js";

const MOST_DEPTH = 64;
const MOST_TEXT_IN_TEXT = 4;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
const OBJECT =
  /(?<![A-Za-z0-9.-])([a-z0-9][a-z0-9-]{0,62})[/:](?=([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?![\w./]))/g;
const USUAL_NAMESPACES = /^(?:default|kube-(?:system|public|node-lease))$/;
const END = /^([a-z0-9][a-z0-9-]{0,62})\/([a-z0-9][a-z0-9.-]{0,252})(?::\d{1,5})?$/;

/** Values that are names, by their keys. */
const KIND_OF: Readonly<Record<string, NameKind>> = {
  node: "node",
  nodeName: "node",
  hostname: "node",
  "kubernetes.io/hostname": "node",
  namespace: "ns",
  endNamespace: "ns",
  "kubernetes.io/metadata.name": "ns",
  "io.kubernetes.pod.namespace": "ns",
  podName: "pod",
  "io.kubernetes.pod.name": "pod",
  "io.kubernetes.container.name": "label",
  containerName: "label",
  serviceAccount: "user",
  serviceAccountName: "user",
  user: "user",
  userName: "user",
  serviceName: "svc",
  cluster: "cluster",
  clusterName: "cluster",
  context: "cluster",
};
const ENDS: readonly string[] = ["pod", "from", "to", "backend", "target", "on", "pods", "flow", "owner"];
const DOMAINS: readonly string[] = ["dnsName", "domain", "searches", "clusterDomain", "host", "serverName"];
const LABELS: readonly string[] = ["labels", "annotations", "matchLabels", "selector", "nodeSelector"];
const KIND_IN: Readonly<Record<string, NameKind>> = {
  nodes: "node",
  containers: "label",
  initContainers: "label",
  ephemeralContainers: "label",
  services: "svc",
  pods: "pod",
  namespaces: "ns",
};
const KIND_OF_OBJECT: Readonly<Record<string, NameKind>> = {
  Node: "node",
  Namespace: "ns",
  Service: "svc",
  EndpointSlice: "svc",
  Endpoints: "svc",
};
/** Notes every name and address of a file's text, or of what a node printed, that its form tells. */
export function collectNames(text: string, mapping: Mapping, kept: Kept): void {
  for (const value of jsonOf(text)) walk(value, { key: "", parent: "", depth: 0, texts: 0 }, mapping);
  collectFromText(text, mapping, kept);
}

/** Names of objects in namespaces that are known by now: of policies in rules, of whatever else is told as `shop/deny-web` or `shop:deny-web`. */
export function collectObjects(text: string, mapping: Mapping): void {
  for (const [, namespace = "", own = ""] of text.matchAll(OBJECT)) {
    const isNamespace = USUAL_NAMESPACES.test(namespace) || mapping.names.kindOf(namespace) === "ns";
    if (isNamespace && isName(own)) mapping.object(namespace, own, "name");
  }
}

/** The whole text as JSON, or its lines; nothing where it is none. */
function* jsonOf(text: string): Generator<unknown> {
  const whole = parse(text);
  if (whole !== undefined) {
    yield whole;
    return;
  }
  for (const line of text.split("\n")) {
    const value = parse(line);
    if (value !== undefined) yield value;
  }
}

function parse(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

interface Place {
  readonly key: string;
  readonly parent: string;
  readonly depth: number;
  /** How many texts with JSON in them it lies in. */
  readonly texts: number;
}

function walk(value: unknown, place: Place, mapping: Mapping): void {
  if (place.depth > MOST_DEPTH) return;
  const below = { ...place, depth: place.depth + 1 };
  if (typeof value === "string") takeText(value, place, mapping);
  else if (Array.isArray(value)) for (const item of value) walk(item, below, mapping);
  else if (typeof value === "object" && value !== null) walkObject(value, below, mapping);
}

function walkObject(value: object, place: Place, mapping: Mapping): void {
  const fields = value as Readonly<Record<string, unknown>>;
  const { metadata, kind } = fields;
  if (typeof metadata === "object" && metadata !== null)
    takeNamed(metadata, KIND_OF_OBJECT[typeof kind === "string" ? kind : ""] ?? "pod", mapping);
  if (typeof fields["name"] === "string" && typeof fields["namespace"] === "string")
    takeNamed(fields, "pod", mapping);
  const inKind = KIND_IN[place.key];
  if (inKind !== undefined && typeof fields["name"] === "string") name(fields["name"], inKind, mapping);
  for (const [key, item] of Object.entries(fields)) {
    if (LABELS.includes(key) && typeof item === "object" && item !== null) takeLabels(item, key, mapping);
    walk(item, { ...place, key, parent: place.key }, mapping);
  }
}

function takeNamed(fields: object, kind: NameKind, mapping: Mapping): void {
  const { name: own, namespace, generateName } = fields as Readonly<Record<string, unknown>>;
  if (typeof own !== "string" || !isName(own)) return;
  if (typeof namespace === "string" && isName(namespace)) mapping.object(namespace, own, kind);
  else name(own, kind, mapping);
  if (typeof generateName === "string") name(generateName.replace(/-+$/, ""), kind, mapping);
}

function takeLabels(labels: object, under: string, mapping: Mapping): void {
  for (const [key, value] of Object.entries(labels)) {
    const domain = key.includes("/") ? key.split("/")[0]! : "";
    if (domain !== "") mapping.domain(domain);
    if (typeof value !== "string" || KIND_OF[key] !== undefined) continue;
    if (under !== "annotations") name(value, "label", mapping);
  }
}

function takeText(text: string, place: Place, mapping: Mapping): void {
  const { key, parent, texts } = place;
  const kind = KIND_OF[key];
  if (kind !== undefined) name(text, kind, mapping);
  if (ENDS.includes(key) || parent === "inputs" || key === "command") takeEnd(text, mapping);
  if (DOMAINS.includes(key) && /^[A-Za-z0-9._-]+$/.test(text) && !isAddress(text)) mapping.domain(text);
  if (key === "image" || key === "imageRef" || key === "imageID") takeImage(text, mapping);
  if (key === "httpPath") takeUrlPath(text, mapping);
  if (key === "url" || key === "command") takeUrls(text, mapping);
  if (key === "profile" || key === "command" || key === "kubeconfig") takePath(text, mapping);
  if (texts < MOST_TEXT_IN_TEXT)
    for (const value of /^\s*[[{]/.test(text) ? jsonOf(text) : [])
      walk(value, { key: "", parent: "", depth: place.depth + 1, texts: texts + 1 }, mapping);
}

function takeEnd(text: string, mapping: Mapping): void {
  const [, namespace, own] = END.exec(text) ?? [];
  if (namespace === undefined || own === undefined) return;
  // As a runbook writes a node: actions are called `node/read`, too, and stay.
  if (namespace === "node") name(own, "node", mapping);
  else mapping.object(namespace, own, "pod");
}

/** `registry.example.com/team/app:1.2@sha256:…`. */
function takeImage(text: string, mapping: Mapping): void {
  const [path = ""] = text.replace(/^[a-z-]+:\/\//, "").split("@");
  const parts = path.split("/");
  const [host = ""] = (parts[0] ?? "").split(":");
  if (parts.length > 1 && host.includes(".")) mapping.domain(host);
  for (const part of parts.slice(host.includes(".") ? 1 : 0)) name(part.split(":")[0]!, "image", mapping);
}

/** What is no usual folder of a system. */
const USUAL_FOLDERS =
  /^(?:bin|dev|etc|home|lib|lib64|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var|users|\.kube|\.ssh|config|runs?|cluster)$/i;

function takePath(text: string, mapping: Mapping): void {
  const path = text.replace(/^--?[\w-]+=/, "");
  if (!/^(?:~|\.{0,2})\/|^context /.test(path)) return;
  for (const part of path.replace(/^context /, "").split("/")) {
    const stem = part.replace(/\.(?:ya?ml|json|tar\.gz|pcap|sh|ts|js)$/, "");
    if (!USUAL_FOLDERS.test(stem)) name(stem, "dir", mapping);
  }
}

function collectFromText(text: string, mapping: Mapping, kept: Kept): void {
  for (const [, host = ""] of text.matchAll(
    /\b[a-z][a-z0-9+.-]{1,20}:\/\/(?:[^\s/@"'\\]{1,256}@)?([A-Za-z0-9][A-Za-z0-9.-]{0,252})/g,
  ))
    if (!isAddress(host) && host.includes(".")) mapping.domain(host);
  for (const [, user = "", host = ""] of text.matchAll(
    /\b([A-Za-z0-9._+-]{1,64})@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})\b/g,
  )) {
    name(user, "user", mapping);
    if (!isAddress(host)) mapping.domain(host);
  }
  for (const [, user = ""] of text.matchAll(/\/(?:home|Users)\/([A-Za-z0-9._-]{1,64})/g))
    name(user, "user", mapping);
  for (const [, domains = ""] of text.matchAll(
    /(?:^|\n|\\n)\s*(?:search|domain)[ \t]+([A-Za-z0-9. \t_-]{1,1024})/g,
  ))
    for (const domain of domains.trim().split(/[ \t]+/)) if (domain.includes(".")) mapping.domain(domain);
  for (const [, namespace = "", own = ""] of text.matchAll(
    /--comment \\{0,3}"?\\{0,3}"?([a-z0-9][a-z0-9-]{0,62})\/([a-z0-9][a-z0-9.-]{0,252})/g,
  ))
    mapping.object(namespace, own, "svc");
  // Finding an address is noting it.
  Array.from(findTokens(text, mapping, kept));
}

function name(text: string, kind: NameKind, mapping: Mapping): void {
  if (!isName(text)) return;
  if (text.includes(".")) mapping.domain(text);
  else mapping.names.nameOf(text, kind);
}

/** What an address or a number is called by needs no other name, nor what has a form of its own. */
function isName(text: string): boolean {
  return NAME.test(text) && /[A-Za-z]/.test(text) && !isAddress(text) && !/^[0-9a-f-]{32,}$/.test(text);
}
