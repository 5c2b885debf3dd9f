import { HopbookError, messageOf, type ErrorCode } from "../errors.js";
import { saidBy } from "./said.js";
import type { KubeRequest } from "../model/kube.js";

const HINTS: Partial<Record<ErrorCode, string>> = {
  KUBE_UNREACHABLE: "Check the server's address in the kubeconfig, and the network to it",
  KUBE_UNAUTHORISED: "Log in again, or check the kubeconfig's user with kubectl auth whoami",
  KUBE_FORBIDDEN: "Ask for the right, or see with hopbook doctor which ways need it not",
};

/** "create pods in hopbook", "get pods shop/web". */
export function describeRequest(request: Omit<KubeRequest, "version">): string {
  const { verb, resource, subresource, namespace, name } = request;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  if (name !== undefined) return `${verb} ${what} ${namespace === undefined ? name : `${namespace}/${name}`}`;
  return `${verb} ${what}${namespace === undefined ? "" : ` in ${namespace}`}`;
}

/** What an answer other than 2xx comes to, by its body. The server's own words are kept. */
export function refusal(doing: string, httpCode: number, body: string): HopbookError {
  const said = saidBy(body);
  const isStatus = /^\s*\{/.test(body);
  const why = said === null ? `HTTP ${httpCode}` : isStatus ? said : `HTTP ${httpCode}: ${said}`;
  return kubeError(codeOf(httpCode, why), doing, why);
}

export function kubeError(code: ErrorCode, doing: string, why: string, cause?: unknown): HopbookError {
  const hint = HINTS[code];
  return new HopbookError(code, `Cannot ${doing}: ${why}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** RBAC and admission both say 403; RBAC's words are its own. */
function codeOf(httpCode: number, said: string): ErrorCode {
  if (httpCode === 401) return "KUBE_UNAUTHORISED";
  if (httpCode === 404) return "KUBE_NOT_FOUND";
  if (httpCode === 403) return /User "[^"]*" cannot /.test(said) ? "KUBE_FORBIDDEN" : "KUBE_REFUSED";
  return httpCode === 429 || httpCode >= 500 ? "KUBE_UNREACHABLE" : "KUBE_REFUSED";
}

/** The same error with the server that was asked and whose login: an address alone does not tell which cluster it is. */
export function placeError(
  error: unknown,
  { server, context, user }: { readonly server: string; readonly context: string; readonly user: string },
): unknown {
  if (!(error instanceof HopbookError) || error.detail !== undefined) return error;
  if (error.code !== "KUBE_UNREACHABLE" && error.code !== "KUBE_UNAUTHORISED") return error;
  const { code, message, hint, cause } = error;
  const detail = `asked of ${server} (context ${context}, user ${user})`;
  return new HopbookError(code, message, { detail, cause, ...(hint === undefined ? {} : { hint }) });
}

export function transportError(
  error: unknown,
  options: {
    readonly doing: string;
    readonly timeout: AbortSignal;
    readonly signal: AbortSignal | undefined;
  },
): HopbookError {
  const { doing, timeout, signal } = options;
  if (error instanceof HopbookError) return error;
  if (signal?.aborted === true)
    return new HopbookError("INTERRUPTED", `Cannot ${doing}: the run was interrupted`);
  if (timeout.aborted) return kubeError("KUBE_UNREACHABLE", doing, "the API did not answer in time", error);
  return kubeError("KUBE_UNREACHABLE", doing, messageOf(error), error);
}
