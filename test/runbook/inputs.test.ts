import t from "tap";
import type { HopbookError } from "../../lib/errors.js";
import { coerceInputs, listSecrets, type InputSpec, type RawInput } from "../../lib/runbook/index.js";

const coerce = (inputs: Record<string, InputSpec>, raw: Record<string, RawInput>) =>
  coerceInputs({ inputs, metadata: { name: "x", title: "X", description: undefined, labels: {} } }, raw);
const one = (spec: InputSpec, raw: RawInput): unknown => coerce({ v: spec }, { v: raw })["v"];

t.test("values", async (t) => {
  const table: [InputSpec, RawInput, unknown][] = [
    [{ type: "string" }, "a,b", "a,b"],
    [{ type: "string" }, ["a"], "a"],
    [{ type: "string", enum: ["a"] }, "a", "a"],
    [{ type: "string", pattern: "^a" }, "ab", "ab"],
    [{ type: "integer" }, "-5", -5],
    [{ type: "integer", minimum: 1, maximum: 5 }, "5", 5],
    [{ type: "number" }, "1.5e1", 15],
    [{ type: "boolean" }, true, true],
    [{ type: "boolean" }, false, false],
    [{ type: "boolean" }, "true", true],
    [{ type: "boolean" }, ["true", "false"], false],
    [{ type: "duration" }, "1.5s", 1500],
    [{ type: "duration", enum: ["10s", "1m"] }, "60s", 60_000],
    [{ type: "size" }, "2KiB", 2048],
    [{ type: "array", items: { type: "string" } }, "a, b,,c", ["a", "b", "c"]],
    [{ type: "array" }, ["a,b", "c"], ["a", "b", "c"]],
    [{ type: "array", items: { type: "integer" } }, ["1", "2"], [1, 2]],
  ];
  for (const [spec, raw, expected] of table) t.same(one(spec, raw), expected, JSON.stringify([spec, raw]));
});

t.test("defaults, and null for what there is not", async (t) => {
  const inputs: Record<string, InputSpec> = {
    a: { type: "duration", default: "2s" },
    b: { type: "array", items: { type: "size" }, default: ["1KiB"] },
    c: { type: "string" },
    d: { type: "boolean", default: true },
    e: { type: "number", default: 0.5 },
  };
  t.same(coerce(inputs, {}), { a: 2000, b: [1024], c: null, d: true, e: 0.5 });
});

t.test("what does not fit", async (t) => {
  const table: [InputSpec, RawInput, RegExp][] = [
    [{ type: "integer" }, "1.5", /v is "1.5", expected a whole number/],
    [{ type: "integer" }, "99999999999999999999", /a whole number/],
    [{ type: "integer", minimum: 1 }, "0", /at least 1/],
    [{ type: "integer", maximum: 5 }, "6", /at most 5/],
    [{ type: "number" }, "x", /a number/],
    [{ type: "number", maximum: 1 }, "1.1", /a number of at most 1/],
    [{ type: "boolean" }, "yes", /true or false/],
    [{ type: "boolean" }, [], /true or false/],
    [{ type: "duration" }, "5", /with a unit, such as 30s/],
    [{ type: "size" }, "5", /such as 64MiB/],
    [{ type: "string", enum: ["a", "b"] }, "c", /one of a, b/],
    [{ type: "string", pattern: "^a$" }, "b", /text that matches \^a\$/],
    [{ type: "string", pattern: "^(a|b|c){900}$" }, "a".repeat(9999), /text to match has 9999 characters/],
    [{ type: "string" }, "a\nb", /without control characters/],
    [{ type: "string" }, true, /a value after it/],
    [{ type: "string" }, ["a", "b"], /one value/],
    [{ type: "string" }, [], /one value/],
    [{ type: "array", items: { type: "integer" } }, "1,x", /a whole number/],
    [{ type: "array" }, true, /a value after it/],
  ];
  for (const [spec, raw, message] of table) {
    const wanted = { code: "INPUT_INVALID", exitCode: 2, message };
    t.throws(() => one(spec, raw), wanted, JSON.stringify([spec, String(raw).slice(0, 20)]));
  }
});

t.test("unknown and missing ones are all named", async (t) => {
  const inputs: Record<string, InputSpec> = {
    from: { type: "string", required: true },
    to: { type: "string", required: true },
  };
  t.throws(() => coerce(inputs, { form: "x", quux: "y" }), {
    message: "Cannot run x: 3 inputs are not as they should be",
    detail:
      "there is no input form, did you mean from?\nthere is no input quux (its inputs: from, to)\nrequired and missing: from, to",
    hint: "See its inputs with: hopbook show x",
  });
  t.throws(() => coerce({}, { constructor: "x" }), {
    message: /there is no input constructor \(it has no inputs\)/,
  });
  t.throws(() => coerce(inputs, { from: "a" }), { message: "Cannot run x: required and missing: to" });
});

t.test("secrets are listed for redaction and kept out of messages", async (t) => {
  const inputs: Record<string, InputSpec> = {
    token: { type: "string", secret: true, pattern: "^t" },
    more: { type: "array", secret: true },
    none: { type: "string", secret: true },
    open: { type: "string" },
  };
  const values = coerce(inputs, { token: "t1", more: "a,b", open: "o" });
  t.same(listSecrets({ inputs }, values), ["t1", "a", "b"]);
  t.same(listSecrets({ inputs }, {}), []);
  t.throws(() => coerce(inputs, { token: "hunter2" }), {
    message: "Cannot run x: token is a secret that does not fit, expected text that matches ^t",
    detail: undefined,
  });
  try {
    coerce(inputs, { token: "hunter2", nosuch: "x" });
    t.fail("two wrong inputs are an error");
  } catch (error) {
    const { message, detail } = error as HopbookError;
    t.match(detail, /token/, "both are told");
    t.notMatch(`${message}${detail}`, /hunter2/);
  }
});

t.test("a default that does not fit is said, not used", async (t) => {
  t.throws(() => coerce({ v: { type: "integer", default: "x" } }, {}), {
    message: /v is "x", expected a whole number/,
  });
});

t.test("what an input is for stands beside what is wrong with it", async (t) => {
  const inputs = {
    to: { type: "string", required: true, description: "Where it goes" },
    count: { type: "integer", description: "How many" },
    plain: { type: "integer" },
  } as const;
  const fails = (raw: Record<string, string>): unknown => {
    try {
      return coerceInputs({ inputs, metadata: { name: "x" } } as never, raw);
    } catch (error) {
      return (error as HopbookError).detail;
    }
  };
  t.equal(fails({}), "to: Where it goes");
  t.equal(fails({ to: "a", count: "b" }), "count: How many");
  t.equal(fails({ to: "a", plain: "b" }), undefined);
  t.match(fails({ count: "b" }), /^required and missing: to\ncount is "b".*\nto: Where it goes\ncount: How/);
});

t.test("of what does not fit a pattern its words come first, the regular expression last", async (t) => {
  const to = { type: "array", items: { type: "string", pattern: "^[0-9.]+$" } } as const;
  const described = { ...to, description: "An address, no name" };
  t.throws(() => coerce({ to: described }, { to: "1.2.3.4,example.com" }), {
    message:
      'Cannot run x: to is "1.2.3.4,example.com", which does not fit what it is for: An address, no name',
    detail: "to: text that matches ^[0-9.]+$",
  });
  t.throws(() => coerce({ to }, { to: "a" }), { message: /expected text that matches \^\[0-9\.\]\+\$$/ });
});
