import t from "tap";
import { choosePods } from "../../../lib/cluster/index.js";

const PODS = Array.from({ length: 40 }, (_, index) => ({
  ...{ namespace: "shop", name: `web-${String(index).padStart(2, "0")}`, node: `node-${index % 8}` },
}));
const names = (pods: readonly { readonly name: string }[]): string[] => pods.map(({ name }) => name);

t.test("without wishes all, by name", (t) => {
  t.strictSame(names(choosePods(PODS.toReversed(), {})), names(PODS));
  t.end();
});

t.test("one on each node, a share rounded up, at most so many", (t) => {
  const spread = choosePods(PODS, { onePerNode: true, seed: "a" });
  t.equal(new Set(spread.map(({ node }) => node)).size, 8);
  t.equal(spread.length, 8);
  t.equal(choosePods(PODS, { percent: 1 }).length, 1);
  t.equal(choosePods(PODS, { percent: 26 }).length, 11);
  t.equal(choosePods(PODS, { percent: 50, max: 3 }).length, 3);
  t.equal(choosePods(PODS, { onePerNode: true, percent: 50 }).length, 4);
  t.equal(choosePods([], { percent: 50 }).length, 0);
  t.end();
});

t.test("a seed chooses the same ones each time, in whatever order they come; another seed others", (t) => {
  const first = names(choosePods(PODS, { max: 5, seed: "canary" }));
  t.strictSame(names(choosePods(PODS.toReversed(), { max: 5, seed: "canary" })), first);
  t.notSame(names(choosePods(PODS, { max: 5, seed: "other" })), first);
  t.strictSame(names(choosePods(PODS, { max: 5 })), names(PODS.slice(0, 5)));
  t.end();
});

t.test("who goes changes nothing for those who stay", (t) => {
  const first = names(choosePods(PODS, { max: 10, seed: "canary" }));
  const gone = first[3];
  const after = names(
    choosePods(
      PODS.filter(({ name }) => name !== gone),
      { max: 10, seed: "canary" },
    ),
  );
  t.strictSame(
    first.filter((name) => name !== gone && !after.includes(name)),
    [],
  );
  t.end();
});

t.test("pods whose node is not known are each on one of their own", (t) => {
  const lost = PODS.slice(0, 3).map((pod) => ({ ...pod, node: null }));
  t.equal(choosePods(lost, { onePerNode: true }).length, 3);
  t.end();
});
