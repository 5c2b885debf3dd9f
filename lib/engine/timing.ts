/** How long the engine waits for what should end. All in milliseconds. */
export interface EngineTiming {
  /** Between the word that a step should end in good order and the harder one. */
  readonly graceMs: number;
  /** The same in the background after an interrupt: the person waits. */
  readonly interruptGraceMs: number;
  /** A step that obeys no signal is left alone after this. */
  readonly stuckMs: number;
  /** A `finally` step that has no `timeout` of its own. */
  readonly finallyMs: number;
  /** Any `finally` step after an interrupt. */
  readonly finallyInterruptedMs: number;
}

export const TIMING: EngineTiming = {
  graceMs: 15_000,
  interruptGraceMs: 5000,
  stuckMs: 10_000,
  finallyMs: 60_000,
  finallyInterruptedMs: 15_000,
};
