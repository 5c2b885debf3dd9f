import { fitsName } from "../../model/names.js";
import { overlapNames } from "./names.js";

const KUBE = /^([a-z*]+):([a-z*][a-z0-9.*]*(?:\/[a-z*]+)?)(?::([a-z0-9*]([a-z0-9*-]{0,61}[a-z0-9*])?))?$/;

/** `verb:resource[:namespace]`; without a namespace all of them, and what belongs to none. */
function parseKube(text: string): readonly [string, string, string] | undefined {
  const [, verb, resource, namespace = "*"] = KUBE.exec(text) ?? [];
  return verb === undefined || resource === undefined ? undefined : [verb, resource, namespace];
}

export function isKubePattern(text: string): boolean {
  return parseKube(text) !== undefined;
}

export function fitsKube(
  pattern: string,
  request: { readonly verb: string; readonly resource: string; readonly namespace: string | null },
): boolean {
  const parsed = parseKube(pattern);
  if (parsed === undefined) return false;
  const [verb, resource, namespace] = parsed;
  // A star does not reach a subresource: pods/exec is another thing than pods.
  const isResource =
    resource === request.resource ||
    (fitsName(resource, request.resource) &&
      resource.split("/").length === request.resource.split("/").length);
  const isNamespace = request.namespace === null ? namespace === "*" : fitsName(namespace, request.namespace);
  return fitsName(verb, request.verb) && isResource && isNamespace;
}

export function overlapKube(one: string, other: string): boolean {
  const a = parseKube(one);
  const b = parseKube(other);
  if (a === undefined || b === undefined) return false;
  return a.every((part, index) => overlapNames(part, b[index] ?? ""));
}
