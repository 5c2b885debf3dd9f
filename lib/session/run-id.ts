import { randomBytes } from "node:crypto";

/** 12 hex digits. */
export function newRunId(): string {
  return randomBytes(6).toString("hex");
}
