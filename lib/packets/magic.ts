import { readSync } from "node:fs";

const MAGIC_BYTES = 4;
/** pcap of both byte orders and resolutions, and of a modified libpcap; pcapng. */
const PLAIN: ReadonlySet<string> = new Set([
  ...["a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1"],
  "0a0d0d0a",
]);
/** gzip, zstd. */
const COMPRESSED: readonly string[] = ["1f8b", "28b52ffd"];

/** What a file that is open is by its first bytes: a capture, something compressed, which may be one, or null. Throws as `read` does. */
export function readMagic(fd: number): "capture" | "compressed" | null {
  const bytes = Buffer.alloc(MAGIC_BYTES);
  const magic = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)).toString("hex");
  if (PLAIN.has(magic)) return "capture";
  return COMPRESSED.some((beginning) => magic.startsWith(beginning)) ? "compressed" : null;
}
