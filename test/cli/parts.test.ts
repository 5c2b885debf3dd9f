import t from "tap";
import { Command } from "commander";
import { describeLabsUp } from "../../lib/cli/lab-hint.js";
import { makeProgress } from "../../lib/cli/progress.js";
import { errorObject, renderError } from "../../lib/cli/render-error.js";
import { addInputFlags, flagName, readInputFlags, type InputFlag } from "../../lib/cli/runbook-flags.js";
import { listenForSignals, stopUnheard } from "../../lib/cli/signals.js";
import { processTerminal, type Terminal } from "../../lib/cli/terminal.js";
import { HopbookError } from "../../lib/errors.js";
import { anyCharacter, fc } from "../fixtures/property.js";

const INPUTS: Record<string, InputFlag> = {
  from: { type: "string", required: true },
  to: { type: "array" },
  dnsName: { type: "string", default: "x" },
  traffic: { type: "boolean", default: true },
  payload: { type: "boolean", default: false },
  count: { type: "integer" },
};

function parse(words: readonly string[], inputs = INPUTS): unknown {
  const command = new Command("test").exitOverride().configureOutput({ outputError: () => undefined });
  addInputFlags(command, inputs);
  command.action(() => undefined).parse([...words], { from: "user" });
  return readInputFlags(command, inputs);
}

t.test("a runbook's inputs are its flags", (t) => {
  t.strictSame(parse([]), {}, "what is not given is not there: defaults are the runbook's");
  t.strictSame(parse(["--dns-name", "a.b", "--from=x/y"]), { dnsName: "a.b", from: "x/y" });
  t.strictSame(parse(["--no-traffic"]), { traffic: false });
  t.strictSame(parse(["--traffic", "--payload"]), { traffic: true, payload: true });
  t.strictSame(parse(["--no-traffic", "--traffic"]), { traffic: true }, "the last one counts");
  t.strictSame(parse(["--to", "a", "--to", "b,c"]), { to: ["a", "b,c"] });
  t.strictSame(parse(["--count", "-1"]), { count: "-1" });
  t.throws(() => parse(["--count"]), /argument missing/);
  t.throws(() => parse(["--dnsName", "x"]), /unknown option/);
  t.end();
});

t.test("every name that a runbook may give an input comes back from its flag", (t) => {
  t.equal(flagName("dnsName"), "dns-name");
  t.equal(flagName("maxBytes"), "max-bytes");
  const names = fc
    .stringMatching(/^[a-z][a-z0-9]{0,5}([A-Z][a-z0-9]{1,5}){0,3}$/)
    .filter((name) => name !== "help");
  fc.assert(
    fc.property(names, (name) => {
      const inputs = { [name]: { type: "string" } };
      return JSON.stringify(parse([`--${flagName(name)}`, "v"], inputs)) === JSON.stringify({ [name]: "v" });
    }),
    { numRuns: 100 },
  );
  t.end();
});

t.test("an error says what, where and what to do, in this order", (t) => {
  const error = new HopbookError("TOOL_MISSING", "Cannot capture: there is no tcpdump", {
    where: {
      file: "a.yaml",
      line: 3,
      column: 5,
      node: "node-a",
      argv: ["sh", "-c", "set -u\nx", "hopbook-x", "a b"],
    },
    detail: "first\nsecond",
    hint: "Install it",
  });
  t.equal(
    renderError(error, { color: false }),
    `error[TOOL_MISSING]: Cannot capture: there is no tcpdump
  at a.yaml:3:5
  on node-a
  running sh -c <script hopbook-x> hopbook-x "a b"
  first
  second
hint: Install it
`,
  );
  t.ok(renderError(error, { color: true }).startsWith("\u001b[31merror[TOOL_MISSING]\u001b[39m: "));
  t.match(errorObject(error), { code: "TOOL_MISSING", exitCode: 5, where: { line: 3 }, hint: "Install it" });
  t.strictSame(errorObject(new HopbookError("USAGE", "x")), {
    ...{ apiVersion: "hopbook.dev/v1", kind: "Error", code: "USAGE", exitCode: 2, message: "x" },
    ...{ where: null, detail: null, hint: null },
  });
  t.end();
});

t.test("a defect of ours says so, with its stack", (t) => {
  const defect = new HopbookError("INTERNAL", "x is not a function", {
    cause: new TypeError("x is not a function"),
  });
  t.match(
    renderError(defect, { color: false }),
    /TypeError: x is not[^]* at [^]*\nhint: this is a defect of hopbook/,
  );
  t.match(renderError(new HopbookError("INTERNAL", "x"), { color: false }), /hint: this is a defect/);
  t.end();
});

t.test("no text of an error steers a terminal, and no colour but ours gets through", (t) => {
  const hostile = fc.string({ unit: anyCharacter });
  fc.assert(
    fc.property(hostile, hostile, (a, b) => {
      const where = { file: a, node: b, argv: [a, b] };
      const error = new HopbookError("USAGE", `${a}\u001b[31m`, { where, detail: b, hint: a });
      // eslint-disable-next-line no-control-regex
      return !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(renderError(error, { color: false }));
    }),
  );
  t.end();
});

function listen(more: Partial<Terminal> = {}): { terminal: Terminal; text: () => string } {
  let said = "";
  const terminal: Terminal = {
    ...{ out: () => undefined, err: (text) => void (said += text), ask: () => Promise.resolve(null) },
    ...{ color: false, unicode: true, width: 80, interactive: false, ...more },
  };
  return { terminal, text: () => said };
}

t.test("progress is one line a step, in words that read without colour and Unicode", (t) => {
  const step = { type: "stepEnded", step: "s", kind: "k", durationMs: 1500 } as const;
  const show = (more: Partial<Terminal>): string => {
    const { terminal, text } = listen(more);
    const progress = makeProgress(terminal);
    progress({ type: "phase", phase: "run" });
    progress({ type: "stepStarted", step: "s", kind: "k", title: "Capture" });
    progress({ ...step, status: "done", message: "Capture" });
    progress({ ...step, status: "failed", message: null });
    progress({ ...step, status: "skipped", message: "Watch: skipped" });
    progress({ type: "note", step: null, level: "info", text: "4 of 4\u001b[2J" });
    progress({ type: "note", step: "s", level: "warn", text: "clock" });
    return text();
  };
  t.equal(show({}), "✓ Capture 1.5 s\n✗ s 1.5 s\n  · 4 of 4\\x1b[2J\n  ! clock\n");
  t.match(show({ unicode: false }), /^ok Capture 1\.5 s\nFAILED s/);
  t.match(show({ unicode: false }), /^[ -~\n]*$/);
  t.ok(show({ color: true }).startsWith("\u001b[32m✓\u001b[39m Capture"));
  t.end();
});

t.test("combinations of a matrix stand indented, and beside others a note says whose it is", (t) => {
  const { terminal, text } = listen();
  const progress = makeProgress(terminal);
  const kind = "k";
  const note = { type: "note", level: "info" } as const;
  const one = { step: "m", kind, combination: "pod=a" };
  progress({ type: "stepStarted", step: "m", kind, title: "Read" });
  progress({ type: "stepStarted", ...one, title: "Read [pod=a]" });
  progress({ ...note, step: "m", combination: "pod=a", text: "3 packets" });
  progress({ type: "stepEnded", ...one, status: "failed", durationMs: 1000, message: "Read [pod=a]" });
  progress({ ...note, step: "m", text: "alone now" });
  progress({ type: "stepEnded", step: "m", kind, status: "failed", durationMs: 2000, message: "Read" });
  t.equal(text(), "  · Read [pod=a]: 3 packets\n  ✗ Read [pod=a] 1.0 s\n  · alone now\n✗ Read 2.0 s\n");
  t.end();
});

t.test("where no cluster is found, labs that are up are named; else nothing is said", async (t) => {
  t.equal(await describeLabsUp(new HopbookError("USAGE", "x")), "");
  t.match(
    await describeLabsUp(new HopbookError("CLUSTER_NOT_FOUND", "x")),
    /^$|^labs that are up:\n( {2}\S+.*\n)+$/,
  );
});

t.test("the first signal asks, the second forces, and dispose takes the handlers away", (t) => {
  const said: string[] = [];
  const before = process.listenerCount("SIGHUP");
  const interruption = listenForSignals(
    (name) => said.push(name),
    () => said.push("force"),
  );
  process.emit("SIGHUP");
  t.ok(interruption.signal.aborted);
  process.emit("SIGTERM");
  t.strictSame(said, ["SIGHUP", "force"]);
  interruption.dispose();
  t.equal(process.listenerCount("SIGHUP"), before);
  t.end();
});

t.test("output that nobody reads stops what goes on; the signal of the same terminal forces nothing", (t) => {
  t.notOk(stopUnheard(), "nothing goes on");
  const said: string[] = [];
  const interruption = listenForSignals(
    (name) => said.push(name),
    () => said.push("force"),
  );
  t.ok(stopUnheard());
  t.ok(interruption.signal.aborted);
  t.ok(stopUnheard(), "each write that fails says so");
  process.emit("SIGHUP");
  t.strictSame(said, []);
  process.emit("SIGINT");
  t.strictSame(said, ["force"]);
  interruption.dispose();
  t.notOk(stopUnheard());
  t.end();
});

t.test("NO_COLOR, FORCE_COLOR and the locale decide what the terminal is taken for", (t) => {
  const names = ["NO_COLOR", "FORCE_COLOR", "LC_ALL", "LC_CTYPE", "LANG", "TERM"] as const;
  const saved = names.map((name) => [name, process.env[name]] as const);
  const isTty = Object.getOwnPropertyDescriptor(process.stdout, "isTTY");
  t.teardown(() => {
    for (const [name, value] of saved) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    if (isTty === undefined) Reflect.deleteProperty(process.stdout, "isTTY");
    else Object.defineProperty(process.stdout, "isTTY", isTty);
  });
  const look = (env: Record<string, string>, tty: boolean): Terminal => {
    for (const name of names) delete process.env[name];
    Object.assign(process.env, env);
    Object.defineProperty(process.stdout, "isTTY", { value: tty, configurable: true });
    return processTerminal();
  };
  t.equal(look({ TERM: "xterm" }, true).color, true);
  t.equal(look({ TERM: "xterm", NO_COLOR: "1" }, true).color, false);
  t.equal(look({ TERM: "xterm", NO_COLOR: "" }, true).color, true, "an empty NO_COLOR is none");
  t.equal(look({ TERM: "dumb" }, true).color, false);
  t.equal(look({}, false).color, false);
  t.equal(look({ FORCE_COLOR: "1" }, false).color, true);
  t.equal(look({ FORCE_COLOR: "0", TERM: "xterm" }, false).color, false);
  t.equal(look({ LANG: "C.UTF-8" }, false).unicode, true);
  t.equal(look({ LC_ALL: "C", LANG: "de_DE.UTF-8" }, true).unicode, false);
  t.equal(look({}, false).unicode, false);
  t.ok(look({}, false).width >= 40);
  t.end();
});
