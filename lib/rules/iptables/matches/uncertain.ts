import { hasOption, valueOf, type Option } from "../arguments.js";
import type { MatchFamily } from "./family.js";

/** A match whose answer is not in the packet: chance, time, what came before, who sent it. */
function uncertain(
  names: readonly string[],
  clauses: (options: readonly Option[]) => readonly [string, string],
): MatchFamily {
  return {
    names,
    options: {},
    whole: (options) => {
      const [holds, fails] = clauses(options);
      return () => ({ holds, fails });
    },
  };
}

const statistic: MatchFamily = {
  names: ["statistic"],
  options: {},
  whole: (options) => {
    const probability = Number(valueOf(options, "--probability") ?? Number.NaN);
    const every = valueOf(options, "--every");
    if (probability === 1 || every === "1") return () => true;
    const share = every === undefined ? `with probability ${String(probability)}` : `every ${every}th packet`;
    return () => ({
      holds: `the statistic takes it (${share})`,
      fails: `the statistic passes it over (${share})`,
    });
  },
};

const policy: MatchFamily = {
  names: ["policy"],
  options: {},
  whole: (options) => {
    const isPlain = valueOf(options, "--pol") === "none";
    const [secret, plain] = ["IPsec handles the packet", "IPsec does not handle the packet"];
    return () => (isPlain ? { holds: plain, fails: secret } : { holds: secret, fails: plain });
  },
};

export const UNCERTAIN: readonly MatchFamily[] = [
  statistic,
  policy,
  uncertain(["limit", "hashlimit"], () => [
    "the rate is below the rule's limit",
    "the rate is above the rule's limit",
  ]),
  uncertain(["recent"], (options) => {
    const list = valueOf(options, "--name") ?? "DEFAULT";
    const sets = hasOption(options, "--set");
    return sets
      ? [`the list ${list} of recent addresses has room`, `the list ${list} of recent addresses has no room`]
      : [
          `the list ${list} of recent addresses has it`,
          `the list ${list} of recent addresses does not have it`,
        ];
  }),
  uncertain(["quota", "quota2"], () => ["the quota is not used up", "the quota is used up"]),
  uncertain(["connlimit"], () => [
    "the number of connections is as the rule asks",
    "the number of connections is not as the rule asks",
  ]),
  uncertain(["connbytes"], () => [
    "the connection has carried as much as the rule asks",
    "the connection has not carried as much as the rule asks",
  ]),
  uncertain(["owner", "cgroup", "socket"], () => [
    "the sending or receiving program is the one that the rule asks for",
    "the sending or receiving program is another than the rule asks for",
  ]),
  uncertain(["rpfilter"], (options) => {
    const back = [
      "the way back to the source is the one it came by",
      "the way back to the source is another",
    ] as const;
    return hasOption(options, "--invert") ? [back[1], back[0]] : back;
  }),
  uncertain(["time"], () => [
    "it is the time that the rule asks for",
    "it is another time than the rule asks for",
  ]),
  uncertain(["string", "u32", "bpf"], () => [
    "the packet's bytes are as the rule asks",
    "the packet's bytes are not as the rule asks",
  ]),
];

/** Matches that take every packet. */
export const ALWAYS: MatchFamily = { names: ["comment"], options: {}, whole: () => () => true };
