/** What the API says of NetworkPolicies around a flow: evidence/policies.json. All of it is the API's word, and read with care. */
export interface PolicyFacts {
  /** `networking.k8s.io/v1` objects of the ends' namespaces, with their name, namespace and spec. */
  readonly policies: readonly unknown[];
  /** Labels by namespace; null: they could not be read. */
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>> | null>>;
  readonly pods: readonly PolicyPod[];
  /** Namespaces whose policies could not be read. */
  readonly unread: readonly string[];
}

export interface PolicyPod {
  readonly namespace: string;
  readonly name: string;
  /** null: they could not be read. */
  readonly labels: Readonly<Record<string, string>> | null;
  readonly hostNetwork: boolean;
  /** Of its containers, those that have a name. */
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
}
