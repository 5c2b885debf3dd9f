import type { NodeTarget } from "../model/access.js";
import type { DetachedPods } from "../model/detached.js";
import type { KubeApi, Lease } from "../model/kube.js";
import type { ConnectOptions } from "./connect.js";

/** What a way through the API is opened with. */
export interface KubeConnectOptions extends ConnectOptions {
  readonly api: KubeApi;
  readonly lease: Lease;
  readonly detached?: DetachedPods | undefined;
}

/** A target whose access is of one kind. */
export type TargetOf<Config> = Omit<NodeTarget, "access"> & { readonly access: Config };
