import t from "tap";
import stringWidth from "string-width";
import { fitColumns, measureColumns, padColumns, wrapColumns } from "../../lib/text/columns.js";
import { fc } from "../fixtures/property.js";

t.test("what is measured by its length alone is as wide as that", (t) => {
  for (let code = 0; code < 0x3000; code++) {
    const text = `a${String.fromCodePoint(code)}b`;
    if (measureColumns(text) !== stringWidth(text)) t.fail(`U+${code.toString(16)}`);
  }
  const plain = fc.string({ unit: fc.constantFrom(..." aZ~·×→–—…─│╿"), maxLength: 20 });
  fc.assert(fc.property(plain, (text) => measureColumns(text) === stringWidth(text)));
  t.end();
});

t.test("columns", async (t) => {
  t.equal(measureColumns("日本"), 4);
  t.equal(measureColumns("e\u0301"), 1);
  t.equal(fitColumns("cali9d8b6a7d855", 8), "cali…855");
  t.equal(fitColumns("ab", 4), "ab  ");
  t.equal(padColumns("日本", 6), "日本  ");
  t.equal(padColumns("abcd", 2), "abcd");
  const family = "👩‍👩‍👧";
  t.equal(fitColumns(`${family.repeat(4)}e\u0301`, 6), `${family}…e\u0301  `, "no cluster is cut in two");
  t.strictSame(wrapColumns("aaa bbb ccc ddd", 8), ["aaa bbb", "ccc ddd"]);
  t.strictSame(wrapColumns("", 8), [""]);
  const printable = fc.string({ unit: fc.constantFrom("a", " ", "日", "é", "-"), maxLength: 80 });
  fc.assert(
    fc.property(printable, fc.integer({ min: 8, max: 40 }), (text, columns) => {
      const lines = wrapColumns(text, columns);
      const squeeze = (value: string): string => value.replaceAll(" ", "");
      return (
        lines.every((line) => measureColumns(line) <= columns) && squeeze(lines.join("")) === squeeze(text)
      );
    }),
  );
  fc.assert(
    fc.property(
      printable,
      fc.integer({ min: 4, max: 40 }),
      (text, columns) => measureColumns(fitColumns(text, columns)) === columns,
    ),
  );
});
