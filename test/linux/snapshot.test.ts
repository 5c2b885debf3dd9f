import { execFileSync, spawnSync } from "node:child_process";
import t from "tap";
import { parseSnapshot, SECTION_FUNCTION } from "../../lib/linux/snapshot.js";
import { fc } from "../fixtures/property.js";

const SHELLS = [["sh"], ["dash"], ["bash"], ["busybox", "sh"]].filter(
  ([program = "", ...args]) => spawnSync(program, [...args, "-c", "exit 0"]).status === 0,
);

const SCRIPT = `${SECTION_FUNCTION}
printf 'kernel 6\\n'
section plain printf '%s' "$1"
section fails sh -c 'echo out; echo "one x
two" >&2; exit 3'
section gone /no/such/program
section empty true
`;

for (const shell of SHELLS) {
  t.test(`${shell.join(" ")}: sections in one command`, async (t) => {
    const run = (value: string): string => {
      const [program = "", ...args] = shell;
      return execFileSync(program, [...args, "-c", SCRIPT, "hopbook-try", value], { encoding: "utf8" });
    };
    const { head, sections } = parseSnapshot(run("a\n\n=end plain 0\n=begin fails\n! x\n é"));
    t.equal(head, "kernel 6\n");
    t.strictSame(sections.get("plain"), {
      stdout: "a\n\n=end plain 0\n=begin fails\n! x\n é\n",
      stderr: "",
      exitCode: 0,
      isLate: false,
    });
    t.strictSame(sections.get("fails"), {
      stdout: "out\n",
      stderr: "one x\ntwo\n",
      exitCode: 3,
      isLate: false,
    });
    t.match(sections.get("gone"), { stdout: "", stderr: /no\/such/, exitCode: 127 });
    t.strictSame(sections.get("empty"), { stdout: "", stderr: "", exitCode: 0, isLate: false });
    t.equal(sections.size, 4);
    const large = `${"x".repeat(70)}\n`.repeat(20_000);
    t.equal(parseSnapshot(run(large.slice(0, 100_000))).sections.get("plain")?.stdout.length, 100_001);
  });
}

t.test("output that was cut", async (t) => {
  t.strictSame(parseSnapshot("only a head\n"), { head: "only a head\n", sections: new Map() });
  const { head, sections } = parseSnapshot("=begin a\n x\n=begin b\n y\n=end c\n noise\n=end d 0");
  t.equal(head, "");
  t.strictSame(
    [...sections],
    [
      ["a", { stdout: "x\n", stderr: "", exitCode: null, isLate: false }],
      ["b", { stdout: "y\n", stderr: "", exitCode: null, isLate: false }],
    ],
  );
});

t.test("no output of a program looks like a mark", async () => {
  const line = fc.oneof(fc.string(), fc.constantFrom("=begin b", "=end a 0", "", " ", "!"));
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const out = lines.map((each) => each.replaceAll("\n", ""));
      const framed = ["=begin a", ...out.map((each) => ` ${each}`), "", "=end a 0", ""].join("\n");
      const { sections } = parseSnapshot(framed);
      const wanted = out.map((each) => `${each}\n`).join("");
      return sections.size === 1 && sections.get("a")?.stdout === wanted;
    }),
  );
});
