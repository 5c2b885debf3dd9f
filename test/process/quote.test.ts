import t from "tap";
import { spawnSync } from "node:child_process";
import { HopbookError } from "../../lib/errors.js";
import { quotePosix, quoteWord } from "../../lib/process/quote.js";
import { anyCharacter, fc } from "../fixtures/property.js";

/** Shells that a node's login may have; `-c LINE` runs a command line in each. */
const SHELLS = [["dash"], ["bash"], ["bash", "--posix"], ["busybox", "sh"]] as const;
/** bash reads ~/.bashrc where its stdin is a socket, as spawn's pipes are. */
const NO_SOCKET: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
const BATCH = 100;
const RUNS = Number(process.env["HOPBOOK_FUZZ_RUNS"] ?? 2_000);

/** Whole characters, so that most strings hold several of what shells treat specially. */
const nasty = fc.constantFrom(
  ..."'\"\\`$!*?[]{}()<>|&;~#=%^-+,:/ \t\n\r\v\f\x01\x07\x08\x1b\x7f\x80\x81\x82\x88\xff",
  ..."aZ09_éßØ€中\u2028\ufeff\ufffd😀",
  "$(id)",
  "${HOME}",
  "\\'",
  "'\\''",
  "--",
  "\r\n",
  "if",
  "EOF",
  "$'\\n'",
  "\x1b[31m",
);
const word = fc.oneof(
  fc.array(nasty, { maxLength: 20 }).map((parts) => parts.join("")),
  fc.string({ unit: anyCharacter, maxLength: 20 }).map((text) => text.replaceAll("\0", "")),
  fc.constantFrom("", "-", "--", "-n", "-e", "=", "a=b", "~", "!", "{", "if", "\n", "\\", "'"),
);

t.test("every shell gives back every word", async (t) => {
  for (const [program, ...options] of SHELLS) {
    let tried = 0;
    fc.assert(
      fc.property(fc.array(word, { minLength: BATCH, maxLength: BATCH }), (words) => {
        const line = quotePosix(["printf", "%s\\0", ...words]);
        const run = spawnSync(program, [...options, "-c", line], {
          encoding: "buffer",
          env: { LC_ALL: "C" },
          stdio: NO_SOCKET,
        });
        const back = run.stdout.toString("utf8").split("\0").slice(0, -1);
        tried += words.length;
        return run.status === 0 && run.stderr.length === 0 && JSON.stringify(back) === JSON.stringify(words);
      }),
      { numRuns: Math.ceil(RUNS / SHELLS.length / BATCH) + 1 },
    );
    t.ok(tried >= RUNS / SHELLS.length, `${[program, ...options].join(" ")}: ${tried} words`);
  }
});

t.test("a first word is never the shell's own", async (t) => {
  for (const first of ["if", "a=b", "{", "!", "~", "#x", "-x", ""]) {
    const run = spawnSync("dash", ["-c", quotePosix([first])], { encoding: "utf8" });
    t.equal(run.status, 127, JSON.stringify(first));
  }
});

t.test("what an argument cannot carry is refused", async (t) => {
  t.throws(() => quotePosix(["echo", "a\0b"]), HopbookError);
  t.throws(() => quoteWord("\0"), { code: "INPUT_INVALID", message: /NUL/ });
  t.throws(() => quoteWord("a\ud800b"), { code: "INPUT_INVALID", message: /surrogate/ });
  t.equal(quoteWord("😀"), "'😀'");
});
