import { canonicalIp, containsIp, ipVersion, parsePrefix } from "../../linux/address.js";

/** What somebody who knows Services says of their addresses. */
export interface KnownServices {
  readonly clusterIps: readonly string[];
  /** Prefixes from which ClusterIPs are given out, where they are told. */
  readonly ranges: readonly string[];
  /** `node-a's rules`, `the API`. */
  readonly saidBy: string;
}

/** A cluster's range has no more addresses: kube-apiserver takes no prefix that is shorter (20 bits). */
const MOST_RANGE_BITS = 20;
/** ClusterIPs that are nearer than this are of one range, as good as always. */
const BESIDE_BITS = 8;

/**
 * Why an address that no pod, node or Service has is one from which Services are given theirs; null where nothing shows that it
 * is. Between two addresses of one prefix all are of that prefix.
 */
export function sayNoService(ip: string, { clusterIps, ranges, saidBy }: KnownServices): string | null {
  const range = ranges.find((text) => {
    const prefix = parsePrefix(text);
    return prefix !== undefined && containsIp(prefix, ip);
  });
  if (range !== undefined) return `it lies in their range ${range}, by ${saidBy}, and none has it`;
  const own = toNumber(ip);
  const known = clusterIps
    .flatMap((text) => canonicalIp(text) ?? [])
    .filter((one) => ipVersion(one) === ipVersion(ip))
    .map((one) => ({ one, number: toNumber(one) }))
    .sort((a, b) => (a.number < b.number ? -1 : 1));
  const below = known.findLast(({ number }) => number < own);
  const above = known.find(({ number }) => number > own);
  if (below !== undefined && above !== undefined && isOneRange(below.number, above.number))
    return `it lies between the ClusterIPs ${below.one} and ${above.one}, by ${saidBy}, and none has it`;
  const beside = [below, above].find((one) => one !== undefined && isBeside(own, one.number));
  if (beside === undefined) return null;
  return `it lies beside the ClusterIP ${beside.one}, by ${saidBy}, most likely in one range with it, and none has it`;
}

const isOneRange = (below: bigint, above: bigint): boolean =>
  (below ^ above) >> BigInt(MOST_RANGE_BITS) === 0n;
const isBeside = (one: bigint, other: bigint): boolean => (one ^ other) >> BigInt(BESIDE_BITS) === 0n;

function toNumber(ip: string): bigint {
  const { bytes } = parsePrefix(ip)!;
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
