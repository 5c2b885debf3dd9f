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
section blank sh -c 'printf "\\nlater" >&2'
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
    t.match(sections.get("blank"), { stdout: "", stderr: "\nlater\n", exitCode: 0 });
    t.match(sections.get("gone"), { stdout: "", stderr: /no\/such/, exitCode: 127 });
    t.strictSame(sections.get("empty"), { stdout: "", stderr: "", exitCode: 0, isLate: false });
    t.equal(sections.size, 5);
    const large = `${"x".repeat(70)}\n`.repeat(20_000);
    t.equal(parseSnapshot(run(large.slice(0, 100_000))).sections.get("plain")?.stdout.length, 100_001);
  });
}

/** So many KiB of memory are free where files would be kept; what is there at the end is told behind the sections. */
const CROWDED = `mount -t tmpfs -o size=$1k crowded /dev/shm
shift
[ "$1" = free ] || head -c 900000 /dev/zero >/dev/shm/other 2>/dev/null
shift
"$@"
ls -A /dev/shm`;

const canMount = spawnSync("unshare", ["-m", "true"]).status === 0 ? {} : { skip: "needs root" };
for (const shell of SHELLS) {
  for (const [kib, full] of [
    ["16", "free"],
    ["64", "full"],
  ]) {
    const name = `${shell.join(" ")}: no room for what is printed, ${kib} KiB ${full}`;
    t.test(`${name}: it comes whole, and nothing stays`, canMount, async (t) => {
      const large = "y".repeat(100_000);
      const argv = [...shell, "-c", SCRIPT, "hopbook-try", large];
      const said = execFileSync("unshare", ["-m", "sh", "-c", CROWDED, "sh", kib!, full!, ...argv], {
        encoding: "utf8",
      });
      const { sections } = parseSnapshot(said);
      t.equal(sections.get("plain")?.stdout, `${large}\n`);
      t.match(sections.get("fails"), { stdout: "out\n", stderr: "one x\ntwo\n", exitCode: 3 });
      t.equal(said.split("\n").at(-2), full === "full" ? "other" : "=end empty 0");
    });
  }
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
