import { HopbookError } from "../../errors.js";
import { ipVersion, type Family } from "../../linux/address.js";
import type { End } from "../../model/cluster.js";
import { parseEnd } from "../end-name.js";
import type { ClusterFacts } from "../facts/gather.js";
import { showText } from "../names.js";
import { askSource, NOWHERE } from "./node-address.js";

interface Asking {
  readonly facts: Pick<ClusterFacts, "accesses">;
  readonly signal?: AbortSignal | undefined;
}

/** An end's first address, and its first of the other family where it has one. */
export function byFamilies(
  ips: readonly [string, ...string[]],
  port: number | null,
): Pick<End, "ip" | "port" | "addresses" | "otherFamily"> {
  const [ip, ...more] = ips;
  const other = more.find((each) => ipVersion(each) !== ipVersion(ip));
  const one = (address: string): NonNullable<End["otherFamily"]> => {
    return { ip: address, port, addresses: [{ ip: address, port }] };
  };
  return { ...one(ip), ...(other === undefined ? {} : { otherFamily: one(other) }) };
}

/** Without what it has in the other family: an address that was written says which one is meant. */
export function ofOneFamily({ otherFamily: _other, ...end }: End): End {
  return end;
}

/**
 * Both ends by addresses of one family: the one that is asked for, else that of `to`, which has its first address where
 * `from` has one as well. Throws TARGET_NOT_FOUND where an end has none of it, or the two have none in common.
 */
export async function agreeOnFamily(
  from: End,
  to: End,
  { family, ...asking }: Asking & { readonly family: Family | undefined },
): Promise<readonly [End, End]> {
  const wanted = family === undefined ? [ipVersion(to.ip), ipVersion(from.ip)] : [family];
  for (const one of wanted) {
    const found = await bothBy(one, [from, to], asking);
    if (found !== null) return found;
  }
  throw family === undefined ? nothingInCommon(from, to) : noAddress(family, from, to);
}

async function bothBy(
  family: Family,
  [from, to]: readonly [End, End],
  asking: Asking,
): Promise<readonly [End, End] | null> {
  const [near, far] = [flip(from, family), flip(to, family)];
  const source = near ?? (await askNode(from, { ...asking, family, towards: far }));
  const target = far ?? (await askNode(to, { ...asking, family, towards: near }));
  return source === null || target === null ? null : [source, target];
}

function flip(end: End, family: Family): End | null {
  if (ipVersion(end.ip) === family) return end;
  const { otherFamily } = end;
  if (otherFamily === undefined) return null;
  const { ip, port, addresses } = end;
  return { ...end, ...otherFamily, otherFamily: { ip, port, addresses } };
}

async function askNode(
  end: End,
  { facts, family, towards, signal }: Asking & { readonly family: Family; readonly towards: End | null },
): Promise<End | null> {
  const access = end.node === null ? undefined : facts.accesses.get(end.node);
  const isNode = end.hostNetwork && end.service === undefined && parseEnd(end.text).kind !== "ip";
  if (!isNode || access === undefined) return null;
  // Towards a pod its route may name a tunnel's address: that is not what the node is known by.
  const own = await askSource(access, NOWHERE[family], signal);
  const ip = own ?? (towards === null ? null : await askSource(access, towards.ip, signal));
  if (ip === null || ipVersion(ip) !== family) return null;
  const { port, addresses } = end;
  const otherFamily = { ip: end.ip, port, addresses };
  return { ...end, ip, addresses: [{ ip, port }], otherFamily };
}

const nameOf = (family: Family): string => `IPv${family}`;

function noAddress(family: Family, from: End, to: End): HopbookError {
  const lacking = [from, to].filter((end) => flip(end, family) === null);
  const names = (lacking.length === 0 ? [from, to] : lacking).map(({ text }) => showText(text)).join(" and ");
  return new HopbookError(
    "TARGET_NOT_FOUND",
    `Cannot follow ${nameOf(family)}: there is no address of it for ${names}`,
    {
      hint: `leave the family out, or follow ${nameOf(family === 4 ? 6 : 4)}`,
      detail: describe(from, to),
    },
  );
}

function nothingInCommon(from: End, to: End): HopbookError {
  const [near, far] = [from, to].map(({ ip }) => nameOf(ipVersion(ip)));
  return new HopbookError(
    "TARGET_NOT_FOUND",
    `Cannot find a way from ${showText(from.text)} to ${showText(to.text)}: the one has ${near ?? ""} addresses alone, the other ${far ?? ""}`,
    { hint: "name another end, or an address of the same family", detail: describe(from, to) },
  );
}

function describe(...ends: readonly End[]): string {
  const lines = ends.map(({ text, ip, otherFamily }) => {
    const other = otherFamily === undefined ? "" : `, ${otherFamily.ip}`;
    return `${showText(text)}: ${ip}${other}`;
  });
  return lines.join("\n");
}
