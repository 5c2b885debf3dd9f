import { basename } from "node:path";
import t from "tap";
import { findFileOrder } from "../../lib/analysis/index.js";
import { topologicalOrder } from "../../lib/analysis/topological-order.js";
import { fc } from "../fixtures/property.js";
import { listCases } from "./cases/cases.js";

const CASES = listCases().filter(({ paths }) => paths.length > 2);

t.test("captures in the order of the path, either way round, stay as they are", async (t) => {
  for (const { name, paths } of CASES) {
    t.equal(findFileOrder(paths), null, name);
    t.equal(findFileOrder([...paths].reverse()), null, `${name}, backwards`);
  }
});

t.test("captures in another order are put in that of the path", async () => {
  const { paths = [] } = CASES.find(({ name }) => name === "healthy-service") ?? {};
  const names = paths.map((path) => basename(path));
  fc.assert(
    fc.property(fc.shuffledSubarray([...paths], { minLength: paths.length }), (files) => {
      const order =
        findFileOrder(files)?.placed.map((index) => basename(files[index] ?? "")) ??
        files.map((file) => basename(file));
      const found = order.join(" ");
      return found === names.join(" ") || found === [...names].reverse().join(" ");
    }),
    { numRuns: 25 },
  );
});

t.test("what nothing is known of is told, and a circle is no order", async (t) => {
  t.strictSame(
    topologicalOrder([
      [false, false, false],
      [false, false, false],
      [true, false, false],
    ]),
    { placed: [2, 0], unplaced: [1] },
  );
  t.equal(
    topologicalOrder([
      [false, true],
      [true, false],
    ]),
    null,
  );
  t.strictSame(topologicalOrder([]), { placed: [], unplaced: [] });
});
