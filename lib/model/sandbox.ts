/** How a script is started: with no permission, and with an end. */
export interface SandboxOptions {
  /** Absolute path of the script's file. */
  readonly file: string;
  /** Largest heap. */
  readonly memoryBytes: number;
  readonly signal: AbortSignal;
}

/** A file of a script: itself, or what it imports from beside it. */
export interface ScriptModule {
  /** Relative to the script's folder, with `/`. */
  readonly path: string;
  /** Absolute. */
  readonly file: string;
  /** Lower-case hex, of the text that runs. */
  readonly sha256: string;
  readonly text: string;
}

/** A script in its sandbox. It speaks JSON Lines on stdin and stdout; what that means is lib/script's business. */
export interface SandboxProcess {
  /** All of its files, itself first: nothing else is read. */
  readonly modules: readonly ScriptModule[];
  /** Text with the paths of the private copy that runs put back to those of the script's own files. */
  localise(text: string): string;
  /** Writes one line; the newline is added. Resolves when it was taken; a closed stdin is ignored. */
  writeLine(line: string): Promise<void>;
  /** Each line of stdout. A line of over 8 MiB ends the sandbox. One reader only. */
  readonly lines: AsyncIterable<string>;
  /** At most the last 64 KiB. */
  stderrText(): string;
  /** Resolves once, when the process has ended; never rejects. */
  readonly done: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>;
  kill(): Promise<void>;
}

/** A packet of a capture, for scripts: what the dissector says of it, in plain values. */
export interface PacketRecord {
  /** From 1. */
  readonly frame: number;
  /** RFC 3339 with nanoseconds, UTC. */
  readonly at: string;
  readonly lengthBytes: number;
  readonly capturedBytes: number;
  readonly protocol: "icmp" | "icmpv6" | "udp" | "tcp" | "other";
  readonly source: string | null;
  readonly destination: string | null;
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
  /** Of TCP: such as ["SYN", "ACK"]; else empty. */
  readonly flags: readonly string[];
  /** Whether it came out of a tunnel header. */
  readonly encapsulated: boolean;
  /** One line, as reports print it. */
  readonly summary: string;
}
