import { parseDocument } from "../../document/index.js";
import { asHopbookError } from "../../errors.js";
import type { CniEvidence, CniFactPlace, CniObject, CniObjects, CniReading } from "../../model/cni/api.js";
import type { ClusterProfile } from "../../model/cluster.js";
import type { KubeReader, KubeRequest } from "../../model/kube.js";
import { fieldOf, textOf } from "../../linux/json.js";

export interface AskCniOptions {
  readonly kube: KubeReader;
  /** Their annotations were read with them. */
  readonly nodes: ClusterProfile["nodes"];
  /** Of each request. Default 2 s: beside what nodes say, this is worth no longer wait. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 2000;
/** Of one kind, as IP pools. */
const MAX_LISTED = 100;
const MAX_TEXT_BYTES = 64 * 1024;
const MAX_VALUE_CHARS = 200;

type Skipped = CniReading["skipped"][number];

interface Answer {
  readonly objects: readonly CniObject[];
  readonly skipped: readonly Skipped[];
}

/**
 * What the API has of these CNIs, all asked at once: objects by their names where those are known, so that the right to
 * get one of them suffices. What may not be read, or is not answered in time, is skipped and named.
 */
export async function askCniObjects(
  wanted: readonly CniEvidence[],
  options: AskCniOptions,
): Promise<Pick<CniReading, "objects" | "skipped">> {
  const asked = wanted.flatMap((cni) => cni.objects.map((spec) => askFor(cni.metadata.name, spec, options)));
  const answers = await Promise.all(asked);
  const annotated = wanted.flatMap((cni) => annotationsOf(cni, options.nodes));
  return {
    objects: [...annotated, ...answers.flatMap(({ objects }) => objects)],
    skipped: answers.flatMap(({ skipped }) => skipped),
  };
}

async function askFor(cni: string, spec: CniObjects, options: AskCniOptions): Promise<Answer> {
  const { names, namespaces } = spec;
  const places: readonly { readonly namespace?: string }[] =
    namespaces === undefined ? [{}] : namespaces.map((namespace) => ({ namespace }));
  const requests = places.flatMap((place) =>
    names === undefined ? [place] : names.map((name) => ({ ...place, name })),
  );
  const answers = await Promise.all(requests.map((request) => ask(cni, { spec, ...request }, options)));
  return {
    objects: answers.flatMap(({ objects }) => objects),
    skipped: answers.flatMap(({ skipped }) => skipped),
  };
}

async function ask(
  cni: string,
  wanted: { readonly spec: CniObjects; readonly namespace?: string; readonly name?: string },
  { kube, signal, timeoutMs = TIMEOUT_MS }: AskCniOptions,
): Promise<Answer> {
  const { spec, name, ...where } = wanted;
  const { group = "", version = "v1", resource } = spec;
  const keep = Object.values(spec.facts ?? {}).map(({ at }) => at);
  const request: Omit<KubeRequest, "verb"> = {
    ...{ group, version, resource, ...where, keep, timeoutMs, signal },
  };
  try {
    const values =
      name === undefined
        ? await kube.list<unknown>(request, MAX_LISTED)
        : [await kube.request<unknown>({ ...request, verb: "get", name })];
    return { objects: values.flatMap((value) => readObject(cni, spec, value)), skipped: [] };
  } catch (error) {
    const { code, message } = asHopbookError(error);
    // What the cluster does not have says nothing; a kind that it does not know neither.
    if (code === "KUBE_NOT_FOUND") return { objects: [], skipped: [] };
    if (code === "INTERRUPTED" || code === "INTERNAL" || signal?.aborted === true) throw error;
    const verb = name === undefined ? "list" : "get";
    const asked = [verb, qualify(spec), where.namespace === undefined ? null : `-n ${where.namespace}`, name];
    const words = asked.filter((word) => word !== null && word !== undefined);
    return { objects: [], skipped: [{ asked: words.join(" "), code, reason: message }] };
  }
}

function readObject(cni: string, spec: CniObjects, value: unknown): CniObject[] {
  const name = textOf(value, "metadata", "name");
  if (name === null) return [];
  const namespace = textOf(value, "metadata", "namespace");
  const facts = readFacts(spec.facts ?? {}, value);
  const isOne = Object.entries(spec.only ?? {}).every(([fact, values]) => values.includes(facts[fact] ?? ""));
  if (!isOne) return [];
  const place = namespace === null ? "" : `${namespace}/`;
  return [{ cni, object: clean(`${qualify(spec)} ${place}${name}`), facts }];
}

function readFacts(places: Readonly<Record<string, CniFactPlace>>, value: unknown): Record<string, string> {
  const found = Object.entries(places).map(([fact, place]) => [fact, readFact(place, value)] as const);
  return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== null));
}

function readFact({ at, in: inner }: CniFactPlace, value: unknown): string | null {
  const outer = fieldOf(value, ...at);
  if (inner === undefined) return spell(outer);
  if (typeof outer !== "string" || Buffer.byteLength(outer) > MAX_TEXT_BYTES) return null;
  try {
    return spell(fieldOf(parseDocument(outer, at.join(".")).data, ...inner));
  } catch {
    // What an operator wrote there is the CNI's to complain of.
    return null;
  }
}

function spell(value: unknown): string | null {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" ? clean(value) : null;
}

function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, " ").slice(0, MAX_VALUE_CHARS);
}

function annotationsOf(cni: CniEvidence, nodes: ClusterProfile["nodes"]): CniObject[] {
  const places = Object.entries(cni.annotations ?? {});
  return nodes.flatMap(({ name, kube }) => {
    const found = places.flatMap(([fact, key]) => {
      const text = spell(fieldOf(kube?.annotations, key));
      return text === null ? [] : [[fact, text] as const];
    });
    if (found.length === 0) return [];
    return [{ cni: cni.metadata.name, object: `nodes ${name}`, facts: Object.fromEntries(found) }];
  });
}

function qualify({ group = "", resource }: CniObjects): string {
  return group === "" ? resource : `${resource}.${group}`;
}
