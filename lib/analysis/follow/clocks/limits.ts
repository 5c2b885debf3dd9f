/** How far what captures say may be from what was. Each limit stands here and nowhere else. */

/** Two clocks may be so far apart, after correction. */
export const CLOCK_ERROR_US = 50_000;
/**
 * How long before a capture's end a packet may be missing from it: tcpdump's buffer holds up to 1 s. Probes end before
 * their captures do.
 */
export const TAIL_US = { probed: 300_000, watched: 1_200_000 } as const;
/** … and after its begin, under traffic that was there before: tcpdump says that it listens, and packets are on their way. */
export const HEAD_US = 10_000;
