import {
  asList,
  asRecord,
  fieldOf,
  integerOf,
  isRecord,
  parseJson,
  textEntries,
  textOf,
  textsOf,
} from "../../linux/json.js";
import type { PolicyFacts, PolicyPod } from "../../model/cni/network-policy.js";

/** evidence/policies.json as it stands in a run folder; null where there is none, or it is none. */
export function parsePolicyFacts(text: string | undefined): PolicyFacts | null {
  const value = text === undefined ? undefined : readJson(text);
  if (!isRecord(value)) return null;
  const namespaces = Object.entries(asRecord(fieldOf(value, "namespaces"))).map(
    ([name, labels]): [string, Readonly<Record<string, string>> | null] => [
      name,
      isRecord(labels) ? textEntries(labels) : null,
    ],
  );
  return {
    policies: asList(fieldOf(value, "policies")),
    namespaces: Object.fromEntries(namespaces),
    pods: asList(fieldOf(value, "pods")).flatMap(parsePod),
    unread: textsOf(value, "unread"),
  };
}

function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function parsePod(value: unknown): PolicyPod[] {
  const [namespace, name] = [textOf(value, "namespace"), textOf(value, "name")];
  if (namespace === null || name === null) return [];
  const labels = fieldOf(value, "labels");
  const ports = asList(fieldOf(value, "ports")).flatMap((entry) => {
    const [own, port] = [textOf(entry, "name"), integerOf(entry, "port")];
    return own === null || port === null
      ? []
      : [{ name: own, port, protocol: textOf(entry, "protocol") ?? "TCP" }];
  });
  return [
    {
      ...{ namespace, name, ports, hostNetwork: fieldOf(value, "hostNetwork") === true },
      labels: isRecord(labels) ? textEntries(labels) : null,
    },
  ];
}
