import type { IncomingMessage } from "node:http";
import type { RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";

/** The API server sends 32 KiB at a time. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
/** What is read of why an upgrade was refused, and how long. */
const MAX_REFUSAL_BYTES = 1024 * 1024;
const REFUSAL_MS = 2_000;
/** stdout, stderr and the status. */
const CHANNELS: readonly unknown[] = [1, 2, 3];
/** The library would end this process's own stdout at it. */
const CLOSE_CHANNEL = 255;

/** What is used of `ws` here: it is an EventEmitter, and hands itself out before it connects. */
interface Emitting {
  emit(event: string, ...values: readonly unknown[]): boolean;
  terminate(): void;
}
type SocketOptions = RequestOptions & {
  maxPayload?: number;
  finishRequest?: (request: { end(): void }, socket: Emitting) => void;
};

/** An answer in place of an upgrade. */
export interface UpgradeRefusal {
  readonly code: number;
  /** The first of it, where it is long or does not end. */
  readonly body: string;
}

interface Guards {
  readonly onGarbage: () => void;
  /** Called before the library has the socket's error, which tells the answer's number alone. */
  readonly onRefused: (refusal: UpgradeRefusal) => void;
}

/**
 * A config whose sockets end where the server sends what is no frame of a command. The client library throws for that
 * where nobody can catch it, which would end the process.
 */
export function guardSocket(config: KubeConfig, { onGarbage, onRefused }: Guards): KubeConfig {
  const guarded = Object.create(config) as KubeConfig;
  guarded.applyToHTTPSOptions = async (options: SocketOptions) => {
    await config.applyToHTTPSOptions(options);
    options.maxPayload = MAX_FRAME_BYTES;
    options.finishRequest = (request, socket) => {
      const emit = socket.emit.bind(socket);
      socket.emit = (event, ...values) => {
        // It closes in its own time then, up to half a minute later.
        if (event === "error") onGarbage();
        if (event === "unexpected-response") {
          readRefusal(values[1] as IncomingMessage, (refusal) => {
            onRefused(refusal);
            socket.terminate();
          });
          return true;
        }
        if (event !== "message") return emit(event, ...values);
        try {
          const [data, isBinary] = values;
          if (isBinary !== true || !(data instanceof Buffer)) throw new TypeError("text is no frame");
          // v5 says of each stream that it has ended; the status says so of the command.
          if (data[0] === CLOSE_CHANNEL) return true;
          if (!CHANNELS.includes(data[0])) throw new TypeError("there is no such channel");
          return emit(event, ...values);
        } catch {
          onGarbage();
          socket.terminate();
          return true;
        }
      };
      request.end();
    };
  };
  return guarded;
}

function readRefusal(response: IncomingMessage, onRead: (refusal: UpgradeRefusal) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isRead = false;
  const end = (): void => {
    if (isRead) return;
    isRead = true;
    clearTimeout(timer);
    const body = Buffer.concat(chunks).subarray(0, MAX_REFUSAL_BYTES).toString("utf8");
    onRead({ code: response.statusCode ?? 0, body });
  };
  const timer = setTimeout(end, REFUSAL_MS);
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (!isRead) chunks.push(chunk);
    if (bytes >= MAX_REFUSAL_BYTES) end();
  });
  for (const event of ["end", "close", "error"]) response.on(event, end);
}
