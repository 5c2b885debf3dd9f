/** Where in an object of the API something is said; `in`: within that text, which is JSON or YAML. */
export interface CniFactPlace {
  readonly at: readonly string[];
  readonly in?: readonly string[];
}

/** Objects of the API by which a CNI is known: by name, each in the first of the namespaces that has it, or all of a kind. */
export interface CniObjects {
  /** "" or absent: the core group. */
  readonly group?: string;
  /** Default v1. */
  readonly version?: string;
  /** In the plural. */
  readonly resource: string;
  /** Absent: of the whole cluster. */
  readonly namespaces?: readonly string[];
  /** Absent: all are listed. */
  readonly names?: readonly string[];
  readonly facts?: Readonly<Record<string, CniFactPlace>>;
  /** The object counts only where these facts have one of these values. */
  readonly only?: Readonly<Record<string, readonly string[]>>;
}

/** schemas/cni-evidence.json: what a CNI leaves in the cluster's API. */
export interface CniEvidence {
  readonly metadata: { readonly name: string; readonly title: string; readonly description?: string };
  readonly objects: readonly CniObjects[];
  /** Facts that nodes carry as annotations. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An object that is there, and what it says. */
export interface CniObject {
  /** Name of the CNI. */
  readonly cni: string;
  /** As kubectl would name it: "configmaps kube-system/calico-config". */
  readonly object: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** What the API says of the CNI. It stands beside what the nodes say, and never above it. */
export interface CniReading {
  /** The recipe that the nodes show; null: they show none. */
  readonly recipe: string | null;
  readonly objects: readonly CniObject[];
  /** What could not be read, in RBAC's words, and why. */
  readonly skipped: readonly { readonly asked: string; readonly code: string; readonly reason: string }[];
  /** Where the API says something else than the nodes show; those are believed. */
  readonly conflicts: readonly string[];
}
