import t from "tap";
import { visible, visibleLines } from "../../lib/model/visible.js";
import { anyCharacter, fc } from "../fixtures/property.js";

t.test("what a terminal obeys, or nobody sees, is written out", (t) => {
  t.equal(visible("a\u001b[31mb"), "a\\x1b[31mb");
  t.equal(visible("a\nb\tc"), "a\\x0ab\\x09c");
  t.equal(visible("\u009b2J"), "\\x9b2J");
  t.equal(visible("pay\u202eload\u200b"), "pay\\u202eload\\u200b");
  t.equal(visible("\ud800"), "\\ud800");
  t.equal(visible("Grüße, 世界 🙂"), "Grüße, 世界 🙂");
  t.equal(visibleLines("a\nb\r\u001b"), "a\nb\\x0d\\x1b");
  t.end();
});

t.test("nothing is left of controls, whatever the text", (t) => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => {
      // eslint-disable-next-line no-control-regex
      return !/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e]/.test(visible(text));
    }),
  );
  t.pass("holds");
  t.end();
});
