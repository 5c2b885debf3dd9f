import t from "tap";
import { Chains, END } from "../../../../lib/analysis/follow/streams/chains.js";

const list = (chains: Chains, head: number): [number, number][] => {
  const found: [number, number][] = [];
  for (let at = head; at !== END; at = chains.next[at]!) found.push([chains.key[at]!, chains.bytes[at]!]);
  return found;
};

t.test("lists of pairs", async (t) => {
  const chains = new Chains();
  let one = chains.push(END, 1, 10);
  let other = chains.push(END, 7, 70);
  one = chains.push(one, 2, 20);
  one = chains.push(one, 3, 30);
  t.strictSame(list(chains, one), [[3, 30], [2, 20], [1, 10]], "the newest first"); // prettier-ignore
  one = chains.add(one, 2, 5);
  one = chains.add(one, 4, 40);
  t.strictSame(list(chains, one), [[4, 40], [3, 30], [2, 25], [1, 10]]); // prettier-ignore
  one = chains.without(one, 4);
  one = chains.without(one, 2);
  one = chains.without(one, 9);
  t.strictSame(list(chains, one), [[3, 30], [1, 10]], "a first one, one in between, one that is not there"); // prettier-ignore
  other = chains.push(other, 8, 80);
  t.strictSame(list(chains, other), [[8, 80], [7, 70]], "what was freed is used again, and harms no other list"); // prettier-ignore
  chains.release(one);
  chains.release(END);
  for (let key = 0; key < 5000; key++) other = chains.add(other, 100 + key, key);
  t.equal(list(chains, other).length, 5002, "they grow");
  t.strictSame(list(chains, other).at(-1), [7, 70], "and keep what they had");
});
