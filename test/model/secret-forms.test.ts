import t from "tap";
import fc from "fast-check";
import { secretForms } from "../../lib/model/secret-forms.js";

t.test("the forms of a secret", (t) => {
  t.strictSame(secretForms(""), []);
  t.strictSame(secretForms("ab"), ["ab"]);
  t.strictSame(secretForms('a"/b'), ['a"/b', 'a\\"/b', "a%22%2Fb"]);
  t.ok(secretForms("\ud800secret").includes("\ud800secret"), "a lone surrogate has no URL form");
  t.ok(secretForms("hunter2").includes("68756e74657232"));
  t.ok(secretForms("hunter\u00ff").includes("68756E746572C3BF"));
  t.end();
});

t.test("a secret is found in base64 whatever stands before and behind it", (t) => {
  const text = fc.string({ minLength: 6, maxLength: 40 });
  fc.assert(
    fc.property(fc.string({ maxLength: 9 }), text, fc.string({ maxLength: 9 }), (before, secret, behind) => {
      const bytes = Buffer.from(`${before}${secret}${behind}`, "utf8");
      const forms = secretForms(secret);
      for (const encoding of ["base64", "base64url"] as const) {
        const encoded = bytes.toString(encoding);
        // The longest form of it leaves no more than the characters at its edges.
        const shown = forms.filter((form) => encoded.includes(form));
        t.ok(shown.some((form) => form.length >= Math.floor((secret.length * 8) / 6) - 1) || fail(encoded));
      }
    }),
  );
  t.end();
  function fail(encoded: string): boolean {
    throw new Error(`it stands open in ${encoded}`);
  }
});
