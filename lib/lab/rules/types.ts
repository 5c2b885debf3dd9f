/** Chains and rules of one table, as `iptables-restore` takes them. */
export interface TablePart {
  readonly chains: readonly string[];
  /** Jumps from the built-in chains that come before everybody else's. */
  readonly first: readonly string[];
  readonly rules: readonly string[];
  /** Rules of the built-in chains that come after everybody else's. */
  readonly last: readonly string[];
}

/** What a CNI writes beside kube-proxy. */
export interface CniRules {
  readonly filter: TablePart;
  readonly nat: TablePart;
}

export const NO_RULES: TablePart = { chains: [], first: [], rules: [], last: [] };
