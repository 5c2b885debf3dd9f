import t from "tap";
import { parseNamespaces } from "../../lib/linux/namespaces.js";

t.test("named network namespaces by their ids; those without one are left out", (t) => {
  t.strictSame(
    parseNamespaces('[{"name":"cni-a","id":0},{"name":"cni-b","id":3},{"name":"unused"},{"id":4},7]'),
    [
      { name: "cni-a", id: 0 },
      { name: "cni-b", id: 3 },
    ],
  );
  for (const text of ["", "[]", "{}", "no json"]) t.strictSame(parseNamespaces(text), []);
  t.end();
});
