import type { NameKind } from "./mapping/names.js";

/** What became of a run in its archive. */
export interface ShareReport {
  readonly counts: {
    readonly addresses: number;
    readonly macs: number;
    readonly identifiers: number;
    readonly names: Readonly<Partial<Record<NameKind, number>>>;
    readonly secrets: number;
    readonly captures: number;
    readonly packets: number;
    readonly payloadBytes: number;
    readonly texts: number;
  };
  readonly payloadKept: boolean;
  /** Paths as they are in the archive, and why each is not in it. */
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[];
  readonly damaged: readonly { readonly path: string; readonly reason: string }[];
  /** Names that are common words, which stand in prose as they were: how many. */
  readonly commonWords: number;
  /** How the verdict of the archive differs from the run's; null where it could not be had again: why. */
  readonly verdict: { readonly differences: readonly string[] } | { readonly unknown: string };
}

const KIND_WORDS: Readonly<Record<NameKind, string>> = {
  ns: "namespaces",
  pod: "pods and workloads",
  node: "nodes",
  svc: "Services",
  label: "labels and containers",
  dns: "parts of domain names",
  cluster: "clusters and contexts",
  user: "users",
  dir: "files and folders",
  image: "images",
  path: "paths of URLs",
  name: "other names",
};

/** SHARE.md: what was changed, and what could not be. */
export function renderShareReport(report: ShareReport): string {
  const { counts, leftOut, damaged, verdict, payloadKept, commonWords } = report;
  const names = Object.entries(counts.names).map(
    ([kind, count]) => `| ${KIND_WORDS[kind as NameKind]} | ${count} |`,
  );
  return [
    "# What was changed in this archive",
    "",
    "Made by `hopbook share`. Every address and name is a pseudonym, the same one in all files. Whoever made the archive has",
    "the key, by which `hopbook share --reveal KEY` translates an answer back: write of pods, nodes and addresses as they are",
    "called here.",
    "",
    "| changed | different ones |",
    "| --- | --- |",
    `| IP addresses | ${counts.addresses} |`,
    `| MAC addresses | ${counts.macs} |`,
    `| identifiers of hexadecimal digits | ${counts.identifiers} |`,
    ...names,
    "",
    `- ${counts.texts} texts and ${counts.captures} captures with ${counts.packets} packets were written anew.`,
    payloadKept
      ? "- **What packets carry was kept as it was captured**, with all that is in it, since `--payload keep` asked for that."
      : `- ${counts.payloadBytes} bytes of what packets carry were cut off or overwritten; of what is there only headers, DNS and the run's own probes can be read.`,
    `- ${counts.secrets} texts that look like secrets were removed.`,
    ...("unknown" in verdict
      ? [`- The verdict could not be had again from the archive: ${verdict.unknown}`]
      : verdict.differences.length === 0
        ? ["- The verdict was had again from the archive's evidence, and is the run's."]
        : [
            "- The report is the run's. Had again from the archive's evidence alone, where it lacks what was cut, it differs:",
            ...verdict.differences.map((difference) => `  - ${difference}`),
          ]),
    "",
    "## What could not be changed",
    "",
    "- Times, sizes, ports, TTLs, sequence numbers, how many there are of everything, and who talks to whom.",
    "- That two addresses share a prefix; that an address is private, link-local, multicast or loopback.",
    "- The length of names. Names of one letter, and those that are the same in every cluster (`kube-system`).",
    ...(commonWords === 0
      ? []
      : [
          `- ${commonWords} names that are common words stand as they were in prose, where they say nothing by themselves.`,
        ]),
    ...leftOut.map(({ path, reason }) => `- Left out: \`${path}\`: ${reason}.`),
    ...damaged.map(({ path, reason }) => `- Only the beginning of \`${path}\`: ${reason}.`),
    "",
  ].join("\n");
}
