import { createHash } from "node:crypto";
import {
  EXPIRES_ANNOTATION,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  OWNER_ANNOTATION,
  OWNER_LABEL,
  RUN_LABEL,
  type Lease,
} from "../model/kube.js";

/** What of any object of the API tells whose it is. */
export interface LeasedObject {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>> | undefined;
    readonly annotations?: Readonly<Record<string, string>> | undefined;
  };
}

const LONGEST_LABEL = 63;
const HASH_CHARACTERS = 16;

/** The labels of everything that is made in a cluster: what `reap` selects by. */
export function leaseLabels(lease: Lease): Record<string, string> {
  return {
    [MANAGED_BY_LABEL]: MANAGED_BY,
    [RUN_LABEL]: runLabel(lease.runId),
    [OWNER_LABEL]: ownerHash(lease.owner),
  };
}

/** Its annotations: until when, and for whom in words. `now` is in milliseconds since 1970. */
export function leaseAnnotations(lease: Lease, now: number): Record<string, string> {
  return {
    [EXPIRES_ANNOTATION]: new Date(now + lease.durationMs).toISOString(),
    [OWNER_ANNOTATION]: lease.owner,
  };
}

/** Whether hopbook made it, for anybody. */
export function isOurs(object: LeasedObject): boolean {
  return object.metadata?.labels?.[MANAGED_BY_LABEL] === MANAGED_BY;
}

/** When its lease ends, in milliseconds since 1970; null where nothing (readable) says so. */
export function expiryOf(object: LeasedObject): number | null {
  const at = Date.parse(object.metadata?.annotations?.[EXPIRES_ANNOTATION] ?? "");
  return Number.isNaN(at) ? null : at;
}

/** An owner as a label's value. */
export function ownerHash(owner: string): string {
  return hash(owner);
}

/** A run's id as a label's value: itself where a label takes it, else its beginning and a hash. */
export function runLabel(runId: string): string {
  if (runId.length <= LONGEST_LABEL && /^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/.test(runId)) return runId;
  const start = runId
    .replace(/[^A-Za-z0-9_.-]/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, LONGEST_LABEL - HASH_CHARACTERS - 1);
  return start === "" ? hash(runId) : `${start}-${hash(runId)}`;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, HASH_CHARACTERS);
}
