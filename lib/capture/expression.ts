/**
 * Little algebra of libpcap expressions (pcap-filter(7)). Each function returns text that stands for one
 * operand: what needs parentheses has them.
 */

/** All must hold. Equal operands are said once; a single operand stays as it is. */
export function allOf(...operands: readonly string[]): string {
  return join(operands, " and ");
}

/** One must hold. */
export function anyOf(...operands: readonly string[]): string {
  return join(operands, " or ");
}

function join(operands: readonly string[], word: string): string {
  const distinct = [...new Set(operands)];
  return distinct.length === 1 ? distinct.join("") : `(${distinct.join(word)})`;
}

/** `0x0a4d000b`, two digits a byte, as libpcap takes it in comparisons. */
export function hexOf(bytes: readonly number[]): string {
  return `0x${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
