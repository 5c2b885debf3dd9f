import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { createSecureContext } from "node:tls";
import type { KubeConfig } from "@kubernetes/client-node";
import type { PluginCredentials } from "./exec-credentials.js";
import { forgetPluginCredential, pluginError } from "./exec-plugin.js";

export interface HttpAnswer {
  readonly code: number;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

export interface HttpRequest {
  readonly method: string;
  /** From the root, with its query. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  /** Default application/json. */
  readonly accept?: string;
  /** Is given an answer of 2xx as it comes, in place of its body. */
  readonly onChunk?: (chunk: Buffer) => void;
  readonly signal: AbortSignal;
}

/** No answer of hopbook's requests is larger; a page of 500 pods is some 5 MB. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Credentials are looked at again after this: tokens of files and exec plugins run out. */
const OPTIONS_AGE_MS = 30_000;
/** A connection that nothing was asked over for so long is closed. */
const IDLE_CONNECTION_MS = 5_000;
const MAX_CONNECTIONS = 12;

/** Sends requests over connections that stay open between them. */
export function createHttp(
  config: KubeConfig,
  credentials: PluginCredentials,
): (request: HttpRequest) => Promise<HttpAnswer> {
  let kept: { readonly options: RequestOptions; readonly atMs: number } | undefined;
  const optionsNow = async (): Promise<RequestOptions> => {
    if (kept !== undefined && performance.now() - kept.atMs < OPTIONS_AGE_MS) return kept.options;
    const options: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      throw pluginError(config, error);
    }
    const agent = options.agent as (Agent & { keepAlive?: boolean }) | undefined;
    if (agent instanceof Agent) {
      agent.keepAlive = true;
      // Else they stay until the server ends them, those of an agent that was replaced as well.
      agent.options.timeout = IDLE_CONNECTION_MS;
      // Each new connection would read its certificates again; and what is asked at once is soon answered.
      agent.options.secureContext = createSecureContext(agent.options);
      agent.maxSockets = MAX_CONNECTIONS;
    }
    kept = { options, atMs: performance.now() };
    return options;
  };
  return async (request) => {
    const answer = await send(config, request, await optionsNow());
    if (answer.code !== 401) return answer;
    kept = undefined;
    forgetPluginCredential(config, credentials);
    return send(config, request, await optionsNow());
  };
}

function send(config: KubeConfig, request: HttpRequest, options: RequestOptions): Promise<HttpAnswer> {
  const server = new URL(config.getCurrentCluster()?.server ?? "");
  // A server may stand below a path, as Rancher's do.
  const url = new URL(`${server.pathname.replace(/\/$/, "")}${request.path}`, server);
  const start = url.protocol === "https:" ? httpsRequest : httpRequest;
  const headers: Record<string, string> = {
    ...(options.headers as Record<string, string> | undefined),
    Accept: request.accept ?? "application/json",
    "User-Agent": "hopbook",
    ...(request.body === undefined
      ? {}
      : {
          "Content-Type": request.contentType ?? "application/json",
          "Content-Length": String(Buffer.byteLength(request.body)),
        }),
  };
  return new Promise((resolve, reject) => {
    const sent = start(
      url,
      { ...options, method: request.method, headers, signal: request.signal },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        const code = response.statusCode ?? 0;
        const onChunk = code > 199 && code < 300 ? request.onChunk : undefined;
        response.on("data", (chunk: Buffer) => {
          if (onChunk !== undefined) return onChunk(chunk);
          bytes += chunk.length;
          chunks.push(chunk);
          if (bytes > MAX_BODY_BYTES)
            sent.destroy(new Error(`the answer has more than ${MAX_BODY_BYTES} bytes`));
        });
        response.on("error", reject);
        response.on("end", () => {
          const body = Buffer.concat(chunks).toString("utf8");
          resolve({ code, body, headers: response.headers });
        });
      },
    );
    sent.on("error", reject);
    sent.end(request.body);
  });
}
