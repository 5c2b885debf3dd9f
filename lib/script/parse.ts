import { HopbookError } from "../errors.js";
import type { GuestMessage } from "./wire.js";

const MAX_NOTE_CHARS = 8192;
const MAX_TRACE_CHARS = 64 * 1024;

/**
 * A line of the guest as a message. The script can write to the guest's pipes as well, so nothing of it is believed:
 * throws SCRIPT_FAILED for whatever is none.
 */
export function parseGuestMessage(line: string): GuestMessage {
  const value = parseObject(line);
  switch (value["type"]) {
    case "ready":
      if (value["version"] !== 1 || typeof value["entry"] !== "boolean") break;
      return { type: "ready", version: 1, runbook: value["runbook"] ?? null, entry: value["entry"] };
    case "call":
      if (!isCount(value["id"]) || typeof value["method"] !== "string") break;
      return { type: "call", id: value["id"], method: value["method"], params: value["params"] ?? null };
    case "note":
      if ((value["level"] !== "info" && value["level"] !== "warn") || typeof value["text"] !== "string")
        break;
      return { type: "note", level: value["level"], text: value["text"].slice(0, MAX_NOTE_CHARS) };
    case "done":
      return { type: "done", value: value["value"] ?? null };
    case "failed":
      if (typeof value["message"] !== "string" || typeof value["stack"] !== "string") break;
      return {
        type: "failed",
        message: value["message"].slice(0, MAX_NOTE_CHARS),
        stack: value["stack"].slice(0, MAX_TRACE_CHARS),
      };
  }
  throw garbage(line);
}

function parseObject(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw garbage(line);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw garbage(line);
  return value as Readonly<Record<string, unknown>>;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function garbage(line: string): HopbookError {
  return new HopbookError("SCRIPT_FAILED", "Cannot follow the script: it wrote a line that is no message", {
    hint: "Use hb.log or console.log to say something",
    detail: JSON.stringify(line.slice(0, 200)),
  });
}
