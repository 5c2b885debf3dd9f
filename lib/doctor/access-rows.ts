import {
  describeRights,
  missingOf,
  type AccessFacts,
  type PlaceFacts,
  type PodFacts,
  type RightAnswer,
} from "../cluster/index.js";
import type { Via } from "../model/access.js";
import type { AccessChoice } from "../model/cluster.js";
import { visible } from "../model/visible.js";
import { blocks, ok, warn, type DoctorRow } from "./rows.js";

/** What the API says of rights and admission. A way that is closed blocks the run only where no other is open. */
export function accessRows(facts: AccessFacts): readonly DoctorRow[] {
  if (facts.unreachable !== null) return [];
  return [
    ...facts.places.flatMap(placeRows),
    ...facts.pods.flatMap((pod) => podRows(pod)),
    ...sccRows(facts.scc),
  ].map((row) => ({ ...row, found: visible(row.found, { maxChars: 700 }) }));
}

function placeRows(place: PlaceFacts): readonly DoctorRow[] {
  const { namespace, security, debugPod } = place;
  const ways: readonly Via[] = ["debugPod", "kubectlDebug", "ocDebug"];
  const rights = rightsRow(namespace, place.rights, { ways, what: "debug pods" });
  const mayCreate = debugPod.allowed !== null;
  return [
    rights,
    securityRow(namespace, security),
    ...(mayCreate || missingOf(place.rights).length === 0 ? [admissionRow(place)] : []),
  ];
}

function admissionRow({ namespace, debugPod, privileged }: PlaceFacts): DoctorRow {
  if (debugPod.allowed === true) {
    return ok("admission", namespace, `it takes a debug pod${privileged ? ", as privileged" : ""} (dry run)`);
  }
  const said = {
    found:
      debugPod.allowed === false
        ? `it refuses a debug pod: ${debugPod.reason}`
        : `a debug pod could not be tried: ${debugPod.reason}`,
    todo: "Name a namespace that takes privileged pods as access.namespace or by -n",
  };
  return warn("admission", namespace, debugPod.allowed === false ? { ...said, blocks: ["debugPod"] } : said);
}

function podRows(pod: PodFacts): readonly DoctorRow[] {
  const { namespace, name, rights, ephemeral } = pod;
  const target = `${namespace}/${name}`;
  const rows = [
    rightsRow(target, rights.ephemeral, { ways: ["ephemeral"], what: "an ephemeral container" }),
    rightsRow(target, rights.podExec, { ways: ["podExec"], what: "commands in the pod" }),
    securityRow(namespace, pod.security),
  ];
  if (ephemeral.allowed !== false) return rows;
  if (missingOf(rights.ephemeral).length > 0) return rows;
  const said = {
    found: `it refuses an ephemeral container: ${ephemeral.reason}`,
    todo: "Enter the node in its place: see way-in",
    blocks: ["ephemeral"] as const,
  };
  return [...rows, warn("admission", target, said)];
}

function rightsRow(
  target: string,
  answers: readonly RightAnswer[],
  { ways, what }: { readonly ways: readonly Via[]; readonly what: string },
): DoctorRow {
  const missing = missingOf(answers);
  if (missing.length === 0) {
    return ok("rights", target, `for ${what}: ${describeRights(answers.map(({ right }) => right))}`);
  }
  const unknown = missing.filter(({ allowed }) => allowed === null);
  const found =
    unknown.length === missing.length
      ? `for ${what}: could not be asked: ${unknown[0]?.reason ?? ""}`
      : `for ${what}: not ${describeRights(missing.map(({ right }) => right))}`;
  return warn("rights", target, { found, todo: "Ask for them where this way in is wanted", blocks: ways });
}

function securityRow(
  namespace: string,
  security: { readonly level: string | null; readonly reason: string },
): DoctorRow {
  const found = security.level === null ? `unknown: ${security.reason}` : `enforces ${security.level}`;
  return ok("pod-security", namespace, found);
}

function sccRows(scc: RightAnswer | null): readonly DoctorRow[] {
  if (scc === null) return [];
  if (scc.allowed === true) return [ok("scc", null, "this user may use the SCC privileged")];
  const todo = "Ask for use of the SCC privileged, or let the pod run as a ServiceAccount that has it";
  return [
    warn("scc", null, {
      found: "this user may not use the SCC privileged",
      todo,
      blocks: ["debugPod", "ocDebug"],
    }),
  ];
}

/** What was chosen. `needed`: the nodes and pods that the run cannot do without. */
export function choiceRows(
  choices: readonly AccessChoice[],
  needed: ReadonlySet<string>,
): readonly DoctorRow[] {
  // A node that cannot be entered is no matter where its pod can be.
  return choices.map(({ target, via, reason, rejected }) => {
    const why = rejected.map((each) => `${each.via}: ${each.reason}`).join("; ");
    const found = visible(
      via === null ? `none: ${why}` : `${via}: ${reason}${why === "" ? "" : ` (not ${why})`}`,
      {
        maxChars: 1500,
      },
    );
    if (via !== null) return ok("way-in", target, found);
    const todo = "Ask for the rights of one way, or say in a profile how to log in by ssh";
    const closed = rejected.map((each) => each.via);
    return needed.has(target)
      ? blocks("way-in", target, { found, todo, blocks: closed })
      : warn("way-in", target, { found, todo, blocks: closed });
  });
}
