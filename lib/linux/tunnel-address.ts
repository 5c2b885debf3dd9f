import { canonicalIp } from "./address.js";
import { textOf, type JsonRecord } from "./json.js";

/**
 * One of a tunnel's addresses (`local`, `remote`); null where it has none, which some versions print as `any`, `0.0.0.0` or
 * `::`. Devices that take both families name IPv6 addresses apart.
 */
export function tunnelAddress(data: JsonRecord, name: string): string | null {
  const ip = canonicalIp(textOf(data, name) ?? textOf(data, `${name}6`) ?? "");
  return ip === undefined || ip === "0.0.0.0" || ip === "::" ? null : ip;
}
