import type { Test } from "../../chain.js";
import type { At } from "../../node.js";
import type { Option } from "../arguments.js";

/** The test of an option's values; null where they are not understood. `among` are all options of its match. */
export type MakeTest = (values: readonly string[], among: readonly Option[]) => Test | null;

/** What iptables-extensions(8) calls a match; one family a file. */
export interface MatchFamily {
  readonly names: readonly string[];
  /** A packet passes when it passes all of a match's options, each negated by itself. */
  readonly options: Readonly<Record<string, MakeTest>>;
  /** Options that only say how another is meant. */
  readonly modifiers?: readonly string[];
  /**
   * Where a packet has nothing that an option could ask for: whether it is passed nevertheless, negated or not; null: it is asked.
   */
  readonly without?: (at: At, option: string, among: readonly Option[]) => boolean | null;
  /** The match as a whole, whatever its options. */
  readonly whole?: (options: readonly Option[]) => Test;
}
