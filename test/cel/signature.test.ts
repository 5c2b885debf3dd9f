import t from "tap";
import { parseSignature } from "../../lib/cel/signature.js";

t.test("a signature is taken apart", async (t) => {
  t.match(parseSignature("list<T>.indexOf(T): int"), { name: "indexOf", isMethod: true });
  t.match(parseSignature("sets.contains(list<T>, list<T>): bool"), {
    name: "sets.contains",
    isMethod: false,
  });
  t.throws(() => parseSignature("size"), /"size" is no signature/);
});
