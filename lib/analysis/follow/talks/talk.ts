import type { ExchangeFinding } from "../../../model/findings.js";
import { Exchanges } from "../../application/exchanges/exchanges.js";
import { NONE } from "../flight.js";
import type { PlaceSigns } from "../place-signs.js";

/** Of all talks without. */
const NONE_KEPT: PlaceSigns[] = [];

/**
 * What two ends say to each other, and the signs of trouble that places show of it. Flows to several backends of one
 * Service are one talk: a client knows the Service alone, and a resolver's search goes over all of them.
 */
export class Talk {
  readonly exchanges = new Exchanges();
  /** By `place × 2 + direction`. */
  readonly signs: (PlaceSigns | undefined)[];
  /** The number of the flow that tells what was said, its first; NONE before it has one. */
  owner = NONE;

  constructor(
    /** Whether places' signs are kept of it. */
    readonly hasSigns: boolean,
  ) {
    this.signs = hasSigns ? [] : NONE_KEPT;
  }

  private said: readonly ExchangeFinding[] | null = null;

  /** What was said until the captures end; the same each time. */
  finish(untilUs: number, answerDue: boolean): readonly ExchangeFinding[] {
    return (this.said ??= this.exchanges.finish(untilUs, answerDue));
  }
}
