import { parseIpsetList } from "../linux/ipset.js";
import { parseLinks } from "../linux/links.js";
import { parseRoutes } from "../linux/routes.js";
import type { BaseChain } from "../rules/chain.js";
import { loadIptables } from "../rules/iptables/load.js";
import { loadNftables } from "../rules/nft/load.js";
import { viewNode } from "../rules/view.js";
import type { Netns, StateReader } from "./reader.js";

/**
 * The rules of a network namespace. nft shows the tables of iptables' newer backend once more, and cannot spell their matches: iptables-save does.
 */
export function readChains(state: StateReader, at: Netns): BaseChain[] {
  const saved = ([4, 6] as const).flatMap((family) => {
    const texts = state.readings(at, family === 4 ? "iptables" : "ip6tables").map(({ text }) => text);
    const unique = [
      ...new Map(texts.map((text) => [text.replaceAll(/^#.*\n|\[\d+:\d+\]/gm, ""), text])).values(),
    ];
    return unique.map((text) => ({ family, text, isNft: text.includes("(nf_tables)") }));
  });
  const skipped = new Set(
    saved
      .filter(({ isNft }) => isNft)
      .flatMap(({ family, text }) =>
        [...text.matchAll(/^\*(\S+)/gm)].map(
          ([, table]) => `${family === 4 ? "ip" : "ip6"} ${String(table)}`,
        ),
      ),
  );
  return [
    ...saved.flatMap(({ family, text }) => loadIptables(text, family)),
    ...state
      .readings(at, "nftables")
      .flatMap(({ text }) => loadNftables(text, (table) => skipped.has(table))),
  ];
}

/** What rules may ask of the node, as far as it was read. */
export function viewState(state: StateReader, at: Netns): ReturnType<typeof viewNode> {
  const routes = state.readings(at, "routes").flatMap(({ text }) => parseRoutes(text));
  const links = state.readings(at, "addresses").flatMap(({ text }) => parseLinks(text));
  const sets = state.readings(at, "ipsets").map(({ text }) => parseIpsetList(text));
  const addressSets = new Map(sets.flatMap((each) => [...each]));
  return viewNode({ links, addressSets, ...(routes.length === 0 ? {} : { routes }) });
}
