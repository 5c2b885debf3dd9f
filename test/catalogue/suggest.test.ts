import t from "tap";
import { suggest } from "../../lib/catalogue/suggest.js";
import { fc } from "../fixtures/property.js";

const book = (
  name: string,
  ...says: string[]
): { name: string; symptoms: { when: string; says: string[] }[] } => ({
  name,
  symptoms: [{ when: `Seen: ${name.toUpperCase()}ABC`, says }],
});
const BOOKS = [
  book("resets", "connection reset by peer", "broken pipe"),
  book("refusals", "connection refused"),
  book("names", "no such host", "lookup timeout on port 53"),
  book("paths", "i/o timeout", "dial timeout"),
  { name: "bare", symptoms: [] },
];
const named = (text: string, most?: number): string[] => suggest(text, BOOKS, most).map(({ of }) => of.name);

t.test("the phrase that says most stands first, in any case, order and inflection", (t) => {
  t.strictSame(named("read tcp 10.0.0.1:80: CONNECTION RESET by peer"), ["resets"]);
  t.strictSame(named("pipes broke; breaking, broken"), ["resets"]);
  t.strictSame(named("refused connections"), ["refusals"]);
  t.strictSame(named("lookup web on 10.96.0.10:53: read udp: i/o timeout"), ["paths", "names"]);
  t.match(suggest("reset", BOOKS), [{ symptom: "Seen: RESETSABC", phrase: "connection reset by peer" }]);
  t.end();
});

t.test("nothing fits: fillers, numbers, words that nobody says, or too few of them", (t) => {
  for (const text of [
    "",
    "10.0.0.1:80",
    "the pod failed",
    "my cat sleeps in the connection of a warm oven",
    "__proto__",
  ]) {
    t.strictSame(named(text), [], text);
  }
  t.end();
});

t.test("at most as many as were asked for; equal ones by name", (t) => {
  const equal = ["c", "a", "b"].map((name) => book(name, "x-ray"));
  t.strictSame(
    suggest("x-ray", equal, 2).map(({ of }) => of.name),
    ["a", "b"],
  );
  t.end();
});

t.test("what a text says does not hang on the order of the runbooks, and long texts are cut", (t) => {
  const words = fc.constantFrom(
    "connection",
    "reset",
    "peer",
    "timeout",
    "host",
    "zebra",
    "53",
    "dial",
    "\u202e",
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 300 }), (picked) => {
      const text = picked.join(" ");
      const one = suggest(text, BOOKS).map(({ of, phrase }) => [of.name, phrase]);
      const other = suggest(text, [...BOOKS].reverse()).map(({ of, phrase }) => [of.name, phrase]);
      t.strictSame(one, other);
    }),
    { numRuns: 50 },
  );
  t.strictSame(named(`${"zebra ".repeat(1000)}connection reset by peer`), []);
  t.end();
});
