import t from "tap";
import { anyCharacter, fc } from "../fixtures/property.js";
import { printJson } from "../../lib/model/json.js";

t.test("controls and bidirectional characters are written out", (t) => {
  const text = "a\u009b31m\u202eb\u2028\u200bé\u{e0001}\n";
  t.equal(printJson({ text }), '{\n  "text": "a\\u009b31m\\u202eb\\u2028\\u200bé\\udb40\\udc01\\n"\n}\n');
  t.equal(printJson({ "\u202e": 1 }), '{\n  "\\u202e": 1\n}\n');
  t.end();
});

t.test("it is the same value, and holds nothing that is invisible but its line ends", async () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => {
      const printed = printJson([text]);
      return JSON.parse(printed)[0] === text && !/[\p{C}\p{Zl}\p{Zp}]/u.test(printed.replaceAll("\n", ""));
    }),
  );
});
