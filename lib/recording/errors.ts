import { ERROR_CODES, HopbookError, messageOf, type ErrorCode } from "../errors.js";
import type { ErrorRecord } from "./format.js";

export function recordError(error: unknown): ErrorRecord {
  if (error instanceof HopbookError) {
    const { code, name, message, hint, detail } = error;
    return {
      ...{ code, name, message },
      ...(hint === undefined ? {} : { hint }),
      ...(detail === undefined ? {} : { detail }),
    };
  }
  return { code: null, name: error instanceof Error ? error.name : "Error", message: messageOf(error) };
}

/** The error again. A code of a later version is INTERNAL here. */
export function restoreError(record: ErrorRecord, node: string): Error {
  if (record.code === null) return Object.assign(new Error(record.message), { name: record.name });
  const code = Object.hasOwn(ERROR_CODES, record.code) ? (record.code as ErrorCode) : "INTERNAL";
  const { hint, detail } = record;
  return new HopbookError(code, record.message, {
    ...(node === "" ? {} : { where: { node } }),
    ...(hint === undefined ? {} : { hint }),
    ...(detail === undefined ? {} : { detail }),
  });
}
