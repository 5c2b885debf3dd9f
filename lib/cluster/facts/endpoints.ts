import { canonicalIp, type Family } from "../../linux/address.js";
import { type AddressAndPort, formatAddress } from "../../linux/endpoint.js";
import { asList, fieldOf, integerOf, textOf } from "../../linux/json.js";
import type { KubeQuery } from "./pods.js";

/** One that is ready behind a Service. */
export interface Endpoint extends AddressAndPort {
  readonly port: number;
  readonly node: string | null;
  /** `namespace/name`. */
  readonly pod: string | null;
}

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  /** null: it has none. */
  readonly nodePort: number | null;
}

interface Of {
  readonly namespace: string;
  /** null: of a headless Service without ports; then that which was asked for. */
  readonly port: ServicePort | null;
  readonly asked: number | string | null;
}

const SLICES = { group: "discovery.k8s.io", version: "v1", resource: "endpointslices" } as const;
const MAX_SLICES = 1000;

export function listSlices(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { kube, signal }: Pick<KubeQuery, "kube" | "signal">,
): Promise<readonly unknown[]> {
  const labelSelector = `kubernetes.io/service-name=${name}`;
  return kube.list({ ...SLICES, namespace, query: { labelSelector }, signal }, MAX_SLICES);
}

export function readEndpoints(
  slices: readonly unknown[],
  {
    family,
    ...of
  }: Of & {
    /** null: any. */
    readonly family: Family | null;
  },
): Endpoint[] {
  const found = slices
    .filter((slice) => family === null || textOf(slice, "addressType") === `IPv${family}`)
    .flatMap((slice) => endpointsOf(slice, of));
  return found.toSorted((a, b) => (spell(a) < spell(b) ? -1 : 1));
}

function endpointsOf(slice: unknown, { namespace, port, asked }: Of): Endpoint[] {
  const ports = asList(fieldOf(slice, "ports"));
  const entry = ports.find((each) => (textOf(each, "name") ?? "") === (port?.name ?? ""));
  const number = port === null ? asked : integerOf(entry, "port");
  if (typeof number !== "number") return [];
  return asList(fieldOf(slice, "endpoints")).flatMap((endpoint): Endpoint[] => {
    // Absent means ready.
    if (fieldOf(endpoint, "conditions", "ready") === false) return [];
    const ip = canonicalIp(firstText(asList(fieldOf(endpoint, "addresses"))));
    if (ip === undefined) return [];
    const name =
      textOf(endpoint, "targetRef", "kind") === "Pod" ? textOf(endpoint, "targetRef", "name") : null;
    return [
      {
        ip,
        port: number,
        node: textOf(endpoint, "nodeName"),
        pod: name === null ? null : `${namespace}/${name}`,
      },
    ];
  });
}

export function spell(endpoint: Endpoint): string {
  const where = endpoint.node === null ? "" : ` on ${endpoint.node}`;
  return `${endpoint.pod ?? "no pod"} at ${formatAddress(endpoint)}${where}`;
}

function firstText([first]: readonly unknown[]): string {
  return typeof first === "string" ? first : "";
}
