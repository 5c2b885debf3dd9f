/** A run to hand on, without its addresses and names. */
import { readKey } from "../share/key.js";
import { revealText } from "../share/reveal.js";

export { shareRun, type Shared } from "../share/share.js";
export { verifyArchive, type Verified } from "../share/verify.js";

/** A text in which pseudonyms of an archive are what they stand for. Throws FILE_UNREADABLE, EVIDENCE_INVALID. */
export async function reveal(text: string, keyFile: string): Promise<string> {
  return revealText(text, await readKey(keyFile));
}
