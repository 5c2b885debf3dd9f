import { defineScript } from "hopbook/script";

/** TCP resets in the captures of this run, by hop and by who sent them. */
export default defineScript<{ readonly from: string; readonly to: string }>(async (hb) => {
  const tolerated = Number(hb.env.TOLERATED ?? 0);
  const hops = [];
  for (const capture of await hb.captures.list()) {
    const bySender: Record<string, number> = {};
    let packets = 0;
    for await (const packet of capture.packets()) {
      packets += 1;
      if (!packet.flags.includes("RST") || packet.source === null) continue;
      const sender = `${packet.source}:${packet.sourcePort}`;
      bySender[sender] = (bySender[sender] ?? 0) + 1;
    }
    const resets = Object.values(bySender).reduce((sum, count) => sum + count, 0);
    hops.push({ hop: capture.hopId, node: capture.node, packets, resets, bySender });
    hb.log(`${capture.hopId}: ${resets} resets in ${packets} packets`);
  }
  const file = await hb.artifacts.writeJson("resets.json", { hops });
  const most = hops.toSorted((a, b) => b.resets - a.resets)[0];
  const senders = [...new Set(hops.flatMap(({ bySender }) => Object.keys(bySender)))];
  const total = most?.resets ?? 0;
  return {
    total,
    tooMany: total > tolerated,
    senders,
    hops: hops.map(({ hop, resets }) => ({ hop, resets })),
    file,
    summary:
      total === 0
        ? `no reset in the captures of ${hops.length} hops`
        : `${total} resets from ${senders.join(", ")}, seen at ${hops.filter(({ resets }) => resets > 0).length} of ${hops.length} hops`,
  };
});
