import { asHopbookError, HopbookError } from "../errors.js";
import { readDocument, type SourceDocument } from "./source.js";

/**
 * Reads a file that another one names: where it is unreadable, that is said where it is named, as `refuse` places it.
 * What is wrong within the file has its own place there. Throws what `readDocument` throws.
 */
export async function readReferred(
  file: string,
  refuse: (message: string) => HopbookError,
): Promise<SourceDocument> {
  try {
    return await readDocument(file);
  } catch (error) {
    const { code, message } = asHopbookError(error);
    if (code !== "FILE_UNREADABLE") throw error;
    const { where, detail, hint, problems } = refuse(message);
    throw new HopbookError(code, message, {
      ...(where && { where }),
      ...(detail !== undefined && { detail }),
      ...(hint !== undefined && { hint }),
      ...(problems && { problems }),
      cause: error,
    });
  }
}
