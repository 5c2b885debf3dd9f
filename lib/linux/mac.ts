/** Six octets in lower case; null for anything else, such as the longer address of InfiniBand. */
export function canonicalMac(text: string | null): string | null {
  const mac = text?.toLowerCase() ?? "";
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac) ? mac : null;
}
