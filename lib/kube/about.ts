import type { KubeServer } from "../model/kube.js";
import { refusal, transportError } from "./errors.js";
import type { HttpAnswer, HttpRequest } from "./http.js";

const DEFAULT_TIMEOUT_MS = 4_000;
const PATH = "/version";

/**
 * The server's version and clock. It is asked twice: the first answer pays for the connection, the second one's time
 * says how far the clock may be off.
 */
export async function askAbout(
  http: (request: HttpRequest) => Promise<HttpAnswer>,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
): Promise<KubeServer> {
  const doing = "ask the API for its version";
  const timeout = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  try {
    await http({ method: "GET", path: PATH, signal });
    const sentAtMs = Date.now();
    const startedAt = performance.now();
    const answer = await http({ method: "GET", path: PATH, signal });
    return readAbout(answer, { sentAtMs, roundTripMs: performance.now() - startedAt, doing });
  } catch (error) {
    throw transportError(error, { doing, timeout, signal: options.signal });
  }
}

function readAbout(
  { code, body, headers }: HttpAnswer,
  asked: { readonly sentAtMs: number; readonly roundTripMs: number; readonly doing: string },
): KubeServer {
  const { sentAtMs, roundTripMs, doing } = asked;
  const dateMs = Date.parse(headers.date ?? "");
  if (code !== 200) throw refusal(doing, code, body);
  const version = (parse(body) as { gitVersion?: unknown }).gitVersion;
  return {
    version: typeof version === "string" ? version.slice(0, 100) : "",
    // The Date is cut to its second: on the average it is half a second late.
    clockOffsetMs: Number.isNaN(dateMs) ? null : Math.round(dateMs + 500 - (sentAtMs + roundTripMs / 2)),
    clockErrorMs: Math.ceil(500 + roundTripMs / 2),
    roundTripMs: Math.round(roundTripMs),
  };
}

function parse(body: string): object {
  try {
    const value = JSON.parse(body) as unknown;
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
