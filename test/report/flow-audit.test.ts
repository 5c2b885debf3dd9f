import t from "tap";
import { renderHtml, renderMarkdown, renderText } from "../../lib/report/index.js";
import { buildFindings } from "./samples.js";
import { ALL_SAMPLES, everyThird } from "./many.js";

const audited = ALL_SAMPLES["audited"] ?? buildFindings([]);
const RULE = "node-b (request): the request from 10.244.1.5 to 10.244.2.7 is dropped by a rule of FORWARD";

t.test("the audit stands beside the packets: faults and warnings in full, the rest as counts", async (t) => {
  const text = renderText(audited, { color: false, unicode: true, width: 110 });
  t.match(text, `What the nodes' state alone says\n  FAULT    ${RULE}`);
  t.match(
    text,
    "        iptables-save -c: -A FORWARD -d 10.244.2.7/32 -j DROP\n        → Take the rule out: `iptables-save`",
  );
  t.match(text, "  WARNING  pod shop/web on node-b, eth0: eth0 takes 1500 bytes and its other end 1450.");
  t.match(text, "  found well: links\n  not known: routes 2\n");
  const md = renderMarkdown(audited);
  t.match(md, "### What the nodes' state alone says\n\n- **fault** node-b (request): ");
  t.match(md, "  - `iptables-save -c: -A FORWARD -d 10.244.2.7/32 -j DROP`\n");
  t.match(md, "- not known: routes 2\n");
  const html = renderHtml(audited);
  t.match(
    html,
    /<div class="block audit">.*badge-status">fault<.*<code>iptables-save<\/code>.*not known: routes 2\./s,
  );
  for (const report of [renderText(buildFindings([everyThird]), { color: false, unicode: true, width: 110 })])
    t.notMatch(report, "nodes' state alone");
});
