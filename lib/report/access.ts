import type { AccessFinding } from "../model/findings.js";

/** The way in to one node as a sentence without a full stop: "node-a by debugPod (pod default/hopbook-…, …)". */
export function describeAccess({ target, via, made, reason }: AccessFinding): string {
  if (via === null) return `${target}: no way in${reason === null ? "" : `: ${reason}`}`;
  return `${target} by ${via}${made === null ? "" : ` (${made})`}`;
}

/** Why the others were not taken: each way once with its reason and the targets it is of. */
export function describeRejected(access: readonly AccessFinding[]): readonly string[] {
  const targets = new Map<string, string[]>();
  for (const { target, rejected } of access) {
    for (const { via, reason } of rejected) {
      const said = `${via}: ${reason}`;
      targets.set(said, [...(targets.get(said) ?? []), target]);
    }
  }
  return [...targets].map(([said, of]) =>
    of.length === access.length ? said : `${said} (${of.join(", ")})`,
  );
}

/** Why this one was taken, where that was left open; each reason once. */
export function describeChosen(access: readonly AccessFinding[]): readonly string[] {
  const said = access.flatMap(({ via, reason }) =>
    via === null || reason === null ? [] : [`${via}: ${reason}`],
  );
  return [...new Set(said)];
}
