import { asHopbookError, type ErrorCode, type HopbookError } from "../../errors.js";
import type { KubeReader, KubeRequest } from "../../model/kube.js";
import { visible } from "../../model/visible.js";

/** One thing that the API lets a user do or not, in RBAC's words; verbs that are no request's have them as well. */
export interface Right extends Pick<
  KubeRequest,
  "group" | "resource" | "subresource" | "namespace" | "name"
> {
  readonly verb: string;
}

export interface RightAnswer {
  readonly right: Right;
  /** null: it could not be asked. */
  readonly allowed: boolean | null;
  /** The authoriser's words, or why it could not be asked; empty where there are none. */
  readonly reason: string;
}

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** For each request. Default 2 s. */
  readonly timeoutMs?: number;
}

interface AccessReview {
  readonly status?: {
    readonly allowed?: boolean;
    readonly reason?: string;
    readonly evaluationError?: string;
  };
}

const DEFAULT_TIMEOUT_MS = 2_000;
const MAX_REASON_CHARS = 400;
/** These hold for whatever is asked; the others are about the one right. */
const FATAL: readonly ErrorCode[] = ["KUBE_UNREACHABLE", "KUBE_UNAUTHORISED", "INTERRUPTED"];

/**
 * What this user may do, each asked of the API by name (SelfSubjectAccessReview), all at once: a list of rules
 * (SelfSubjectRulesReview) is incomplete wherever anything but RBAC decides. In the order asked. Rejects with
 * KUBE_UNREACHABLE, KUBE_UNAUTHORISED or INTERRUPTED where no right at all could be asked.
 */
export async function askRights(
  api: KubeReader,
  rights: readonly Right[],
  options: AskOptions = {},
): Promise<readonly RightAnswer[]> {
  let fatal: HopbookError | undefined;
  const answers = await Promise.all(
    rights.map(async (right): Promise<RightAnswer> => {
      try {
        const { status = {} } = await api.request<AccessReview>(reviewOf(right, options));
        const reason = status.reason ?? status.evaluationError ?? "";
        return {
          right,
          allowed: status.allowed === true,
          reason: visible(reason, { maxChars: MAX_REASON_CHARS }),
        };
      } catch (error) {
        const known = asHopbookError(error);
        if (FATAL.includes(known.code)) fatal ??= known;
        return { right, allowed: null, reason: visible(known.message, { maxChars: MAX_REASON_CHARS }) };
      }
    }),
  );
  if (fatal !== undefined && answers.every(({ allowed }) => allowed === null)) throw fatal;
  return answers;
}

function reviewOf(right: Right, { signal, timeoutMs }: AskOptions): KubeRequest {
  return {
    verb: "create",
    group: "authorization.k8s.io",
    version: "v1",
    resource: "selfsubjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: right },
    },
    timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
    signal,
  };
}

/** "create pods/exec in shop", "get nodes". */
export function describeRight({ verb, resource, subresource, namespace, name }: Right): string {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const of = name === undefined ? what : `${what} ${name}`;
  return visible(`${verb} ${of}${namespace === undefined ? "" : ` in ${namespace}`}`);
}

/** "create pods, get pods in shop; get nodes": what many rights come to, in the order in which places are named. */
export function describeRights(rights: readonly Right[]): string {
  const byPlace = new Map<string, string[]>();
  for (const right of rights) {
    const { namespace, ...rest } = right;
    const place = namespace === undefined ? "" : ` in ${visible(namespace)}`;
    byPlace.set(place, [...(byPlace.get(place) ?? []), describeRight(rest)]);
  }
  return [...byPlace].map(([place, words]) => `${words.join(", ")}${place}`).join("; ");
}

/** The command by which the operator can ask the same: "kubectl auth can-i create pods --subresource=exec -n shop". */
export function canI({ verb, group, resource, subresource, namespace, name }: Right): string {
  const type = group === "" ? resource : `${resource}.${group}`;
  const words = [
    "kubectl auth can-i",
    verb,
    name === undefined ? type : `${type}/${name}`,
    ...(subresource === undefined ? [] : [`--subresource=${subresource}`]),
    ...(namespace === undefined ? [] : ["-n", namespace]),
  ];
  return visible(words.join(" "));
}

/** Those that are not known to be granted. */
export function missingOf(answers: readonly RightAnswer[]): readonly RightAnswer[] {
  return answers.filter(({ allowed }) => allowed !== true);
}
