import { HopbookError } from "../errors.js";

/** What a file is in place of a capture. */
export function notACapture(file: string, value: string, hint?: string): HopbookError {
  return new HopbookError("EVIDENCE_INVALID", `Cannot read capture ${file}: ${value}`, {
    where: { file },
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Where a capture cannot be read any further. */
export function damaged(file: string, record: number, value: string): HopbookError {
  return new HopbookError("EVIDENCE_INVALID", `Cannot read record ${record} of capture ${file}: ${value}`, {
    where: { file },
    hint: "The file is damaged from there on; what stands before it was read",
  });
}
