import t from "tap";
import { evaluateCel, parseCel } from "../../lib/cel/index.js";

/** What an expression gives; a regular expression stands for the error. */
const TABLE: Readonly<Record<string, readonly (readonly [string, unknown])[]>> = {
  conversions: [
    [`int('${"x".repeat(61)}')`, /"x{60}…" is no whole number/],
    ["int('x')", /"x" is no whole number/],
    ["int(0.0 / 0.0)", /NaN is no whole number/],
    ["int(duration('1s'))", 1_000_000_000],
    ["string(0.0 / 0.0)", "NaN"],
    ["string(1.0 / 0.0)", "+Inf"],
    ["string(-1.0 / 0.0)", "-Inf"],
    ["string(-0.0)", "-0"],
    ["string(1e30)", "1e+30"],
    ["string(1e-7)", "1e-07"],
    ["string(true)", "true"],
    ["size('😀a')", 2],
    ["size('a')", 1],
    ["duration(5)", "0.000000005s"],
  ],
  format: [
    ["'100%'.format([])", /"%" is no formatting clause/],
    ["'%b %b'.format([true, false])", "1 0"],
    ["'%s %s'.format([true, null])", "true null"],
    ["'%s'.format([optional.none()])", /%s does not take optional/],
    ["'%s'.format([{'a': null}])", "{a: null}"],
  ],
  strings: [
    ["[1].join()", /a list of text is wanted here, and one item is int/],
    ["'😀ab'.substring(1)", "ab"],
    ["'😀ab'.substring(0, 1)", "😀"],
    ["'ab'.split('')", ["a", "b"]],
    ["'ab'.replace('', '-')", "-a-b-"],
    ["'ab'.replace('', '-', 1)", "-ab"],
    ["'ab'.replace('', '-', 9)", "-a-b-"],
    ["'ab'.replace('a', '-')", "-b"],
    ["strings.quote('a\\n')", '"a\\n"'],
  ],
  addresses: [
    ["ip('ff32::1').isLinkLocalMulticast()", true],
    ["ip('ff02:1::1').isLinkLocalMulticast()", true],
    ["ip('ff0:2::1').isLinkLocalMulticast() || ip('ff22::').isGlobalUnicast()", false],
    ["ip('ff20::2').isLinkLocalMulticast() || ip('fe02::1').isLinkLocalMulticast()", false],
    ["cidr('fd00::1/64').ip()", "fd00::1"],
  ],
  lists: [
    ["[].max()", /an empty list has no largest item/],
    ["[].min()", /an empty list has no smallest item/],
  ],
  quantities: [
    ["quantity('1k').compareTo(quantity('1000'))", 0],
    ["quantity('2').compareTo(quantity('1'))", 1],
  ],
  urls: [
    ["url('https://web.shop/a').getPort()", ""],
    ["url('https://web.shop:8/a').getPort()", "8"],
  ],
  time: [
    ["duration('.5s')", "0.5s"],
    ["timestamp('1969-12-31T23:59:58.5Z').getSeconds()", 58],
    ["timestamp('1969-12-31T23:59:58.5Z').getMilliseconds()", 500],
    ["timestamp('1969-12-31T23:59:59.9999Z').getMilliseconds()", 999],
    ["timestamp('2026-01-31T23:30:15Z').getHours('-01:30')", 22],
  ],
};

for (const [name, rows] of Object.entries(TABLE)) {
  t.test(name, async (t) => {
    for (const [source, expected] of rows) {
      if (expected instanceof RegExp)
        t.throws(() => evaluateCel(parseCel(source), {}), { message: expected }, source);
      else t.same(evaluateCel(parseCel(source), {}), expected, source);
    }
  });
}
