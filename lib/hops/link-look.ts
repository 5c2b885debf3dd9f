import type { Link } from "../linux/links.js";
import { wornBy } from "../wire/registry.js";

/** A device with all of these properties. */
export interface LinkLook {
  readonly name?: string;
  readonly namePrefix?: string;
  readonly aliasPrefix?: string;
  readonly kind?: string;
  readonly vni?: number;
  readonly port?: number;
}

export function fitsLink(found: Link, wanted: LinkLook): boolean {
  const network = wornBy(found, 4);
  return (
    (wanted.name === undefined || found.name === wanted.name) &&
    (wanted.namePrefix === undefined || found.name.startsWith(wanted.namePrefix)) &&
    (wanted.aliasPrefix === undefined || found.alias?.startsWith(wanted.aliasPrefix) === true) &&
    (wanted.kind === undefined || found.kind === wanted.kind) &&
    (wanted.vni === undefined || network?.vni === wanted.vni) &&
    (wanted.port === undefined || network?.port === wanted.port)
  );
}
