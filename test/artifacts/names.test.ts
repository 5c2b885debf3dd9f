import { join } from "node:path";
import t from "tap";
import { createRedactor, makeSafeName, resolveInside } from "../../lib/artifacts/index.js";
import { anyCharacter, fc } from "../fixtures/property.js";

t.test("makeSafeName", async (t) => {
  t.equal(makeSafeName("shop/client"), "shop-client");
  t.equal(makeSafeName("10.0.0.1:8080"), "10.0.0.1-8080");
  t.equal(makeSafeName(".."), "unnamed");
  t.equal(makeSafeName(""), "unnamed");
  t.equal(makeSafeName("-rf"), "rf");
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 200 }), (text) => {
      const name = makeSafeName(text);
      return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,79}$/.test(name) && !/[.-]$/.test(name);
    }),
  );
});

t.test("resolveInside never leaves the folder", async (t) => {
  const dir = t.testdir({});
  fc.assert(
    fc.property(fc.array(fc.constantFrom("..", ".", "", "a", "b.c", "/", "\\", "\u0000", "…")), (parts) => {
      const inside = resolveInside(dir, parts.join("/"));
      return !inside.ok || join(inside.path).startsWith(`${dir}/`);
    }),
  );
  t.match(resolveInside(dir, "a/b"), { ok: true, path: join(dir, "a/b") });
});

t.test("redactor", async (t) => {
  const none = createRedactor();
  const value = { a: "x" };
  t.equal(none.redactJson(value), value);
  const redactor = createRedactor();
  redactor.add(["abcdef", "abc", "42", "\ud800lone", "$&"]);
  t.equal(
    redactor.redactText("abcdef abc $&"),
    "[redacted] [redacted] [redacted]",
    "longest first, no patterns",
  );
  t.strictSame(redactor.redactJson([42, 43, true, null, { "42": "id" }]), [
    "[redacted]",
    43,
    true,
    null,
    { "42": "id" },
  ]);
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), fc.string(), (secret, before, after) => {
      fc.pre(!"[redacted]".includes(secret));
      const one = createRedactor();
      one.add([secret]);
      return !one
        .redactText(before + secret + after)
        .replaceAll("[redacted]", "\u0000")
        .includes(secret);
    }),
  );
});
