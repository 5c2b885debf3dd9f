import { HopbookError } from "../../errors.js";
import { visible } from "../../model/visible.js";
import type { PodManifest } from "./spec.js";

/** What is looked at of a pod as the API took it; nothing in it is sure to be there. */
export interface AdmittedPod {
  readonly metadata?: { readonly uid?: string };
  readonly spec?: {
    readonly hostPID?: boolean;
    readonly hostNetwork?: boolean;
    readonly containers?: readonly Container[];
  };
}

interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly securityContext?: {
    readonly privileged?: boolean;
    readonly runAsUser?: number;
    readonly capabilities?: { readonly add?: readonly string[] };
  };
}

/** What admission (a mutating webhook, say) made of a pod that was asked for. */
interface Admitted {
  /** Of our own container, wherever it stands among others. */
  readonly image: string;
  /** What a debug pod cannot do without and has not got: "the capability NET_RAW", "hostPID". */
  readonly taken: readonly string[];
}

/** What became of the one container of a pod that was asked for. */
export function readAdmitted(asked: Pick<PodManifest, "spec">, made: AdmittedPod): Admitted {
  const wanted = asked.spec as NonNullable<AdmittedPod["spec"]>;
  const [own] = wanted.containers ?? [];
  const got = made.spec?.containers?.find(({ name }) => name === own?.name);
  if (got === undefined) return { image: own?.image ?? "", taken: [`the container ${own?.name ?? ""}`] };
  const [before, after] = [own?.securityContext, got.securityContext];
  const capabilities = (before?.capabilities?.add ?? []).filter(
    (name) => after?.privileged !== true && after?.capabilities?.add?.includes(name) !== true,
  );
  const isRootless = before?.runAsUser === 0 && after?.runAsUser !== 0;
  return {
    image: got.image ?? own?.image ?? "",
    taken: [
      ...(["hostPID", "hostNetwork"] as const).filter(
        (key) => wanted[key] === true && made.spec?.[key] !== true,
      ),
      ...(before?.privileged === true && after?.privileged !== true ? ["privileged"] : []),
      ...(isRootless ? ["the user root"] : []),
      ...capabilities.map((name) => `the capability ${name}`),
    ],
  };
}

/** Throws KUBE_REFUSED where a pod was taken, but not as it was asked for: what it lacks would show as something else. */
export function assertWhole({ taken }: Admitted, { node }: { readonly node: string }): void {
  if (taken.length === 0) return;
  const what = visible(taken.join(", "), { maxChars: 400 });
  throw new HopbookError(
    "KUBE_REFUSED",
    `Cannot use a debug pod on ${node}: the cluster's admission took ${what} from it`,
    {
      where: { node },
      hint: "Ask who keeps that policy (kubectl get mutatingwebhookconfigurations) for an exemption, or enter by another way: ssh, kubectlDebug, ephemeral",
    },
  );
}
