import { readdirSync, readFileSync } from "node:fs";
import t from "tap";
import { CAUSES, findCause } from "../../../lib/analysis/cause/index.js";
import type { CauseInput } from "../../../lib/model/cause.js";
import { NAMINGS } from "../../fixtures/namings.js";
import { fc, inDepth } from "../../fixtures/property.js";

/** Recorded on real namespaces: the verdict's input, the nodes' texts, and the cause that is true. */
interface Recorded {
  readonly name: string;
  readonly expect: string | null;
  readonly input: Omit<CauseInput, "readText">;
  readonly texts: Readonly<Record<string, string>>;
}

const ROOT = new URL("../../fixtures/state/", import.meta.url);
const RECORDED: Recorded[] = readdirSync(ROOT).flatMap((fault) =>
  readdirSync(new URL(`${fault}/`, ROOT)).map((file) => {
    const text = readFileSync(new URL(`${fault}/${file}`, ROOT), "utf8");
    return { name: `${fault}/${file.replace(".json", "")}`, ...(JSON.parse(text) as Omit<Recorded, "name">) };
  }),
);

/** The counter grew by more than were lost, and only the kernel's word ties it to the loss. */
const CONFIRMED_ONLY = new Set(["reply-drop-b/tcp"]);

function explain(recorded: Recorded, changes: Partial<CauseInput> = {}) {
  return findCause({
    ...recorded.input,
    namings: NAMINGS,
    readText: (path) => recorded.texts[path],
    ...changes,
  });
}

t.test("each recorded fault has its cause, with and without the kernel's word", async (t) => {
  t.ok(RECORDED.length > 30);
  for (const recorded of RECORDED) {
    t.equal(explain(recorded).cause?.code ?? null, recorded.expect, recorded.name);
    const alone = explain(recorded, { drops: [] });
    if (CONFIRMED_ONLY.has(recorded.name)) {
      t.equal(alone.cause, null, `${recorded.name}, state alone`);
      t.match(alone.caveats, [/the counter of .* grew by 7, more than the 4 lost/]);
    } else t.equal(alone.cause?.code ?? null, recorded.expect, `${recorded.name}, state alone`);
  }
});

t.test("the kernel's word stands among the evidence", async (t) => {
  const recorded = RECORDED.find(({ name }) => name === "forward-drop-a/icmp");
  const cause = recorded === undefined ? null : explain(recorded).cause;
  t.match(
    cause?.evidence.at(-1),
    /^node-[ab]: 4 of 4 dropped by the kernel in nft_do_chain: NETFILTER_DROP, \d+–\d+ µs after/,
  );
  t.match(cause?.evidence.join("\n"), /lab fault/);
});

t.test("a NetworkPolicy is named", async (t) => {
  for (const recorded of RECORDED.filter(({ name }) => name.startsWith("network-policy/"))) {
    t.match(
      explain(recorded).cause?.summary,
      /"End of tier default.*; NetworkPolicy shop\/deny-web ingress\)$/,
    );
  }
});

t.test("every fault's verdict with the state of a healthy cluster: no cause", async (t) => {
  const healthy = RECORDED.find(({ name }) => name === "none/icmp");
  if (healthy === undefined) throw new Error("no healthy recording");
  for (const recorded of RECORDED) {
    const { state } = healthy.input;
    const changes = { state, drops: [], readText: (path: string) => healthy.texts[path] };
    // Sizes and a missing listener are in the verdict itself as much as in the state.
    if (/^(mtu-|no-listener)/.test(recorded.name)) continue;
    t.equal(explain(recorded, changes).cause, null, recorded.name);
  }
});

t.test(
  "every fault's verdict with every other fault's state: its own cause, the other's, or none",
  async (t) => {
    let none = 0;
    for (const one of RECORDED) {
      for (const other of RECORDED) {
        // What fails the reverse path filter is a wrong way back, so for replies the route is at fault indeed.
        if (one.input.direction === "reply" && other.name.startsWith("rp-filter")) continue;
        const changes = {
          state: other.input.state,
          drops: [],
          readText: (path: string) => other.texts[path],
        };
        const code = explain(one, changes).cause?.code ?? null;
        if (code === null) none += 1;
        else if (other.expect === null)
          t.match(one.name, /^(mtu-|no-listener)/, `${one.name} × ${other.name}: ${code}`);
        else if (code !== other.expect)
          t.match(one.name, /^(mtu-|no-listener)/, `${one.name} × ${other.name}: ${code}`);
      }
    }
    t.ok(none > RECORDED.length);
  },
);

t.test("another fault's growth that is less than the loss names nothing", async (t) => {
  const recorded = RECORDED.find(({ name }) => name === "forward-drop-b/icmp");
  t.equal(recorded && explain(recorded, { lostCount: 9, drops: [] }).cause, null);
});

t.test("only large packets lost, on the wire", async (t) => {
  const hole = RECORDED.find(({ name }) => name === "mtu-hole/icmp");
  if (hole === undefined) throw new Error("no recording");
  const readText = (path: string) => hole.texts[path];
  t.equal(findCause({ ...hole.input, readText, largestPassedIpBytes: 84 }).cause?.code, "mtu-exceeded");
});

t.test("random text never throws, and names only codes of the table", async (t) => {
  const recorded = fc.constantFrom(...RECORDED);
  const noise = fc.oneof(fc.string(), fc.json(), fc.constant(undefined));
  fc.assert(
    fc.property(recorded, noise, (one, text) => {
      const { cause } = explain(one, { readText: () => text });
      return cause === null || CAUSES.has(cause.code);
    }),
    { numRuns: inDepth(100, 300) },
  );
  t.pass();
});
