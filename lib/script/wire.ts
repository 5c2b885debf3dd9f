/**
 * What a sandbox and its host say to each other: JSON Lines, each an object. The guest says `ready` when the script's
 * modules are evaluated; the host may then `start` it; the guest calls, each call gets one reply, and ends with
 * `done` or `failed`.
 */
export interface StartMessage {
  readonly type: "start";
  readonly version: number;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: Readonly<Record<string, { readonly outputs: unknown }>>;
  readonly cluster: string;
  readonly runId: string;
  readonly nodes: readonly string[];
}

export type ReplyMessage =
  | { readonly type: "reply"; readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly type: "reply"; readonly id: number; readonly ok: false; readonly error: WireError };

interface WireError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

export type HostMessage = StartMessage | ReplyMessage;

export type GuestMessage =
  | {
      readonly type: "ready";
      readonly version: number;
      /** The export `runbook`; null where there is none. */
      readonly runbook: unknown;
      /** Whether the default export is a function. */
      readonly entry: boolean;
    }
  | { readonly type: "call"; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly type: "note"; readonly level: "info" | "warn"; readonly text: string }
  | { readonly type: "done"; readonly value: unknown }
  | { readonly type: "failed"; readonly message: string; readonly stack: string };
