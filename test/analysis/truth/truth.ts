/** A number that the captures leave open within bounds: where copies or refusals may be counted or not. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/** One direction of a flow between two hops that show it. */
export interface LegTruth {
  readonly flow: number;
  readonly isRequest: boolean;
  /** Indexes of hops. */
  readonly from: number;
  readonly to: number;
  readonly sent: Range;
  readonly missing: Range;
}

export interface FlowTruth {
  /** Hops that show requests, and replies, in their order. */
  readonly requestPath: readonly number[];
  readonly replyPath: readonly number[];
  /** Requests that were sent, came to the server's end; replies that came back to the client's. */
  readonly sent: number;
  readonly arrived: number;
  readonly returned: number;
}

interface Count {
  least: number;
  most: number;
}

/** Counts what becomes of transmissions from one showing hop to the next. */
export class Tally {
  readonly #blurred = new Map<string, number>();
  readonly #legs = new Map<string, LegTruth & { readonly sent: Count; readonly missing: Count }>();

  count(leg: Omit<LegTruth, "sent" | "missing">, add: { sent: Range; missing: Range }): void {
    const key = `${leg.flow} ${leg.isRequest} ${leg.from} ${leg.to}`;
    let known = this.#legs.get(key);
    if (known === undefined) {
      known = { ...leg, sent: { least: 0, most: 0 }, missing: { least: 0, most: 0 } };
      this.#legs.set(key, known);
    }
    for (const name of ["sent", "missing"] as const) {
      known[name].least += add[name].least;
      known[name].most += add[name].most;
    }
  }

  /** One more copy of a frame of which nobody can tell that it is not another one, which was lost. */
  blur({ flow, isRequest }: Pick<LegTruth, "flow" | "isRequest">): void {
    const key = `${flow} ${isRequest}`;
    this.#blurred.set(key, (this.#blurred.get(key) ?? 0) + 1);
  }

  list(): readonly LegTruth[] {
    return [...this.#legs.values()].map((leg) => {
      const blurred = this.#blurred.get(`${leg.flow} ${leg.isRequest}`) ?? 0;
      const { sent, missing } = leg;
      return {
        ...leg,
        sent: { least: Math.max(0, sent.least - blurred), most: sent.most + blurred },
        missing: { ...missing, least: Math.max(0, missing.least - blurred) },
      };
    });
  }
}
