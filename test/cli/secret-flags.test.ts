import t from "tap";
import { join } from "node:path";
import { Command } from "commander";
import {
  addInputFlags,
  readInputFlags,
  type InputFlag,
  type RawInputs,
} from "../../lib/cli/runbook-flags.js";

const INPUTS: Readonly<Record<string, InputFlag>> = {
  apiToken: { type: "string", secret: true, description: "Token" },
  from: { type: "string" },
};

function parse(words: readonly string[], inputs = INPUTS): RawInputs {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addInputFlags(command, inputs);
  command.parse([...words], { from: "user" });
  return readInputFlags(command, inputs);
}

t.test("a secret comes from a file or the environment", async (t) => {
  const dir = t.testdir({ token: "s3cret\n", bare: "s3cret", empty: "" });
  t.strictSame(parse(["--api-token-file", join(dir, "token"), "--from", "x"]), {
    apiToken: "s3cret",
    from: "x",
  });
  t.strictSame(parse(["--api-token-file", join(dir, "bare")]), { apiToken: "s3cret" });
  process.env["HOPBOOK_TEST_TOKEN"] = "from env";
  t.teardown(() => delete process.env["HOPBOOK_TEST_TOKEN"]);
  t.strictSame(parse(["--api-token-env", "HOPBOOK_TEST_TOKEN"]), { apiToken: "from env" });
  t.strictSame(parse([]), {});
});

t.test("never from the command line, which everybody sees", async (t) => {
  const refusal = {
    code: "USAGE",
    message: /Cannot take apiToken from the command line/,
    hint: /--api-token-file PATH/,
  };
  t.throws(() => parse(["--api-token", "s3cret"]), refusal);
  t.throws(() => parse(["--api-token=s3cret"]), refusal);
  try {
    parse(["--api-token", "s3cret"]);
  } catch (error) {
    t.notMatch(JSON.stringify([String(error), error]), /s3cret/, "and the message does not repeat it");
  }
  t.throws(() => parse(["--api-token-env", "HOPBOOK_NOT_SET"]), { code: "USAGE", message: /is not set/ });
  t.throws(() => parse(["--api-token-file", "/nowhere"]), { code: "FILE_UNREADABLE" });
  t.throws(() => parse(["--api-token-file", "/nowhere", "--api-token-env", "X"]), { message: /given twice/ });
  const dir = t.testdir({ large: "x".repeat(70_000) });
  t.throws(() => parse(["--api-token-file", join(dir, "large")]), { message: /larger than 64 KiB/ });
});

t.test("an input that is called as one of these flags keeps its flag", async (t) => {
  const inputs = { ...INPUTS, apiTokenFile: { type: "string" } };
  t.strictSame(parse(["--api-token-file", "x"], inputs).apiTokenFile, "x");
});
