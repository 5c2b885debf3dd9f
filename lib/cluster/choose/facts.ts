import { asHopbookError } from "../../errors.js";
import type { DebugPodAccessConfig } from "../../model/access.js";
import type { KubeReader } from "../../model/kube.js";
import { visible } from "../../model/visible.js";
import { ENFORCE_LABEL, levelOf, readPodSecurity, type PodSecurity } from "./pod-security.js";
import { askRights, missingOf, type Right, type RightAnswer } from "./rights.js";
import { podRights, podWayRights } from "./rights-needed.js";
import { shareLookups } from "../facts/share-lookups.js";
import { tryEphemeral, tryPod, type PodShape, type TrialOptions } from "./trial.js";
import type {
  AccessFacts,
  AccessWishes,
  ChooseAccessOptions,
  PlaceFacts,
  PodCandidate,
  PodFacts,
  Verdict,
} from "./types.js";
import { fieldOf, textOf } from "../../linux/json.js";

const BUDGET_MS = 4_000;
const REQUEST_MS = 2_000;
/** Namespaces labelled privileged that are looked at where the context's does not do. */
const MAX_ELSEWHERE = 5;
/** Different namespaces that a profile may name for its nodes. */
const MAX_PLACES = 8;
/** The cluster's own: they are used where they are named, never for lack of another. */
const SYSTEM_NAMESPACE = /^(kube-|openshift($|-))/;
const NOT_ASKED: Verdict = { allowed: null, reason: "it was not asked, for a right is missing" };

/** The namespace that a profile names for a node's debug pod; undefined: none. */
export function placeOf(wishes: AccessWishes, node: string): string | undefined {
  return debugPodConfig(wishes, node).namespace;
}

function debugPodConfig(wishes: AccessWishes, node: string): Partial<DebugPodAccessConfig> {
  const config = wishes.configOf(node, "debugPod");
  return config.via === "debugPod" ? config : {};
}

interface Asker {
  readonly options: ChooseAccessOptions;
  readonly api: KubeReader;
  /** What one request may still take. */
  readonly limits: () => TrialOptions;
}

/**
 * Asks the API, in at most four rounds of parallel requests, what the ways in need to know. Rejects with INTERRUPTED
 * alone; an API that does not answer, or does not know the user, is a fact as well.
 */
export async function gatherAccessFacts(options: ChooseAccessOptions): Promise<AccessFacts> {
  const untilMs = performance.now() + (options.budgetMs ?? BUDGET_MS);
  const limits = (): TrialOptions => ({
    signal: options.signal,
    timeoutMs: Math.max(1, Math.min(REQUEST_MS, Math.round(untilMs - performance.now()))),
  });
  const api = shareLookups(options.api);
  const asker: Asker = { options, api, limits };
  const wanted = wantedPlaces(options);
  try {
    const [node, scc, named, pods, elsewhere] = await Promise.all([
      askRights(api, [{ group: "", resource: "nodes", verb: "get" }], limits()),
      askScc(asker, wanted[0]?.namespace ?? api.namespace),
      Promise.all(wanted.map((place) => gatherPlace(asker, place))),
      Promise.all(options.ends.map((pod) => gatherPod(asker, pod))),
      listPrivileged(asker, api.namespace),
    ]);
    const isEnough = named.every((place) => place.source === "profile" || takesPods(place));
    const others = isEnough
      ? []
      : elsewhere.namespaces.map((found) => gatherPlace(asker, { ...found, source: "labelled" }));
    return {
      unreachable: null,
      places: [...named, ...(await Promise.all(others))],
      pods,
      node: node[0] ?? null,
      scc,
      elsewhere: isEnough ? "" : elsewhere.reason,
    };
  } catch (error) {
    const { code, message } = asHopbookError(error);
    if (code !== "KUBE_UNREACHABLE" && code !== "KUBE_UNAUTHORISED") throw error;
    return { unreachable: visible(message), places: [], pods: [], node: null, scc: null, elsewhere: "" };
  }
}

/** The namespaces that the profile names for its nodes, and the context's for those of which it names none. */
function wantedPlaces({
  api,
  nodes,
  wishes,
}: ChooseAccessOptions): Pick<PlaceFacts, "namespace" | "source">[] {
  const named = new Map<string, Pick<PlaceFacts, "namespace" | "source">>();
  for (const { name } of nodes) {
    if (wishes.viaOf(name) !== "auto") continue;
    const own = placeOf(wishes, name);
    const place = {
      namespace: own ?? api.namespace,
      source: own === undefined ? "context" : "profile",
    } as const;
    named.set(`${place.source} ${place.namespace}`, place);
  }
  return [...named.values()].slice(0, MAX_PLACES);
}

function takesPods(place: PlaceFacts): boolean {
  return missingOf(place.rights).length === 0 && place.debugPod.allowed !== false;
}

async function gatherPlace(
  { api, options, limits }: Asker,
  place: Pick<PlaceFacts, "namespace" | "source"> & { readonly security?: PodSecurity },
): Promise<PlaceFacts> {
  const { namespace } = place;
  const [rights, security] = await Promise.all([
    askRights(api, podRights(namespace), limits()),
    place.security ?? readPodSecurity(api, namespace, limits()),
  ]);
  const mayCreate = rights.some(({ right, allowed }) => isCreatePods(right) && allowed === true);
  // Whatever a node's admission says holds for the others as well: it sees no more of a node than its name.
  const { wishes } = options;
  const node = options.nodes.find(
    ({ name }) =>
      wishes.viaOf(name) === "auto" &&
      (placeOf(wishes, name) ?? null) === (place.source === "profile" ? namespace : null),
  )?.name;
  const config = debugPodConfig(wishes, node ?? "");
  const bodyOf = (shape: PodShape): object | undefined =>
    (shape === "debugPod" || shape === "privileged") && node !== undefined
      ? options.manifestOf?.(node, {
          ...{ via: "debugPod", kube: api.ref, ...config, namespace },
          privileged: shape === "privileged",
        })
      : undefined;
  const trial = (shape: PodShape): Promise<Verdict> =>
    mayCreate
      ? tryPod(api, { shape, namespace, node, config, body: bodyOf(shape) }, limits())
      : Promise.resolve(NOT_ASKED);
  const unless = (program: string | null, shape: PodShape): Promise<Verdict> =>
    program === null ? Promise.resolve({ allowed: null, reason: "" }) : trial(shape);
  const wantsPrivileged = config.privileged === true;
  const [plain, privileged, kubectlDebug, ocDebug] = await Promise.all([
    wantsPrivileged ? NOT_ASKED : trial("debugPod"),
    trial("privileged"),
    unless(options.programs.kubectl, "kubectlDebug"),
    unless(options.programs.oc, "ocDebug"),
  ]);
  const isPrivileged = wantsPrivileged || (plain.allowed === false && privileged.allowed === true);
  const debugPod = isPrivileged ? privileged : plain;
  return {
    namespace,
    source: place.source,
    security,
    rights,
    debugPod,
    privileged: isPrivileged,
    kubectlDebug,
    ocDebug,
  };
}

function isCreatePods({ verb, resource, subresource }: Right): boolean {
  return verb === "create" && resource === "pods" && subresource === undefined;
}

async function gatherPod({ api, options, limits }: Asker, pod: PodCandidate): Promise<PodFacts> {
  const { namespace } = pod;
  const rightsOf = (via: "ephemeral" | "podExec"): Promise<readonly RightAnswer[]> =>
    askRightsOn(api, podWayRights(via, namespace), { name: pod.name, limits });
  const [ephemeralRights, podExec, security] = await Promise.all([
    rightsOf("ephemeral"),
    rightsOf("podExec"),
    readPodSecurity(api, namespace, limits()),
  ]);
  const wish = options.wishes.configOf(pod.node ?? "", "ephemeral");
  const config = wish.via === "ephemeral" ? wish : {};
  const trial = (addsCapabilities: boolean): Promise<Verdict> =>
    tryEphemeral(api, { ...pod, addsCapabilities, config }, limits());
  const mayTry = missingOf(ephemeralRights).length === 0;
  const [added, plain] = mayTry ? await Promise.all([trial(true), trial(false)]) : [NOT_ASKED, NOT_ASKED];
  const addsCapabilities = added.allowed !== false;
  return {
    ...pod,
    security,
    rights: { ephemeral: ephemeralRights, podExec },
    // Where neither will do, the reason against the lesser one is the one that counts.
    ephemeral: addsCapabilities ? added : plain,
    addsCapabilities,
  };
}

/** Of any object, and where that is denied of the one that matters: a role may name those that it is about. */
async function askRightsOn(
  api: KubeReader,
  rights: readonly Right[],
  { name, limits }: { readonly name: string } & Pick<Asker, "limits">,
): Promise<readonly RightAnswer[]> {
  const answers = await askRights(api, rights, limits());
  const denied = answers.filter(({ allowed }) => allowed === false).map(({ right }) => ({ ...right, name }));
  if (denied.length === 0) return answers;
  const named = await askRights(api, denied, limits());
  return answers.map((answer) => {
    if (answer.allowed !== false) return answer;
    const ofOne = named[denied.findIndex((each) => isSame(each, answer.right))];
    return ofOne?.allowed === true ? ofOne : answer;
  });
}

function isSame(one: Right, other: Right): boolean {
  return one.verb === other.verb && one.resource === other.resource && one.subresource === other.subresource;
}

/** OpenShift says what a pod may ask for in SCCs; elsewhere there is no such resource, and nothing to be said. */
async function askScc({ api, limits }: Asker, namespace: string): Promise<RightAnswer | null> {
  const group = "security.openshift.io";
  const resource = "securitycontextconstraints";
  try {
    await api.request<unknown>({
      verb: "list",
      group,
      version: "v1",
      resource,
      query: { limit: "1" },
      ...limits(),
    });
  } catch (error) {
    if (asHopbookError(error).code === "INTERRUPTED") throw error;
    // Who may not read them cannot tell whether there are any; what is tried says it all the same.
    return null;
  }
  const right: Right = { verb: "use", group, resource, name: "privileged", namespace };
  const [answer] = await askRights(api, [right], limits());
  return answer ?? null;
}

interface Elsewhere {
  readonly namespaces: readonly { readonly namespace: string; readonly security: PodSecurity }[];
  readonly reason: string;
}

/** Namespaces that take privileged pods by their label, in the order of their names. */
async function listPrivileged({ api, limits }: Asker, but: string): Promise<Elsewhere> {
  try {
    const found = await api.list<unknown>({
      group: "",
      version: "v1",
      resource: "namespaces",
      query: { labelSelector: `${ENFORCE_LABEL}=privileged` },
      ...limits(),
    });
    const namespaces = found
      .map((each) => ({ name: textOf(fieldOf(each, "metadata"), "name") ?? "", ...levelOf(each) }))
      .filter(({ name }) => name !== "" && name !== but && !SYSTEM_NAMESPACE.test(name))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, MAX_ELSEWHERE)
      .map(({ name, level, reason }) => ({ namespace: name, security: { namespace: name, level, reason } }));
    return { namespaces, reason: namespaces.length === 0 ? "no other namespace is labelled privileged" : "" };
  } catch (error) {
    const { code, message } = asHopbookError(error);
    if (code === "INTERRUPTED") throw error;
    const reason = code === "KUBE_FORBIDDEN" ? "namespaces may not be listed" : visible(message);
    return { namespaces: [], reason };
  }
}
