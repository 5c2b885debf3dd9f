import type { RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";

/** The API server sends 32 KiB at a time. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
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

/**
 * A config whose sockets end where the server sends what is no frame of a command. The client library throws for that
 * where nobody can catch it, which would end the process.
 */
export function guardSocket(config: KubeConfig, onGarbage: () => void): KubeConfig {
  const guarded = Object.create(config) as KubeConfig;
  guarded.applyToHTTPSOptions = async (options: SocketOptions) => {
    await config.applyToHTTPSOptions(options);
    options.maxPayload = MAX_FRAME_BYTES;
    options.finishRequest = (request, socket) => {
      const emit = socket.emit.bind(socket);
      socket.emit = (event, ...values) => {
        // It closes in its own time then, up to half a minute later.
        if (event === "error") onGarbage();
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
