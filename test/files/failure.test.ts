import t from "tap";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileReason, unreadable, unwritable } from "../../lib/files/failure.js";

const reasonOf = (error: unknown): string => fileReason(error);
const failing = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
};

t.test("what the system says of a file is said in a person's words", async (t) => {
  const dir = t.testdir({ "a.txt": "" });
  const file = join(dir, "a.txt");
  mkdirSync(join(dir, "folder"));
  symlinkSync("loop", join(dir, "loop"));
  const reasons: readonly (readonly [() => unknown, string])[] = [
    [() => readFileSync(join(dir, "none")), "there is no such file or folder"],
    [() => readFileSync(join(dir, "folder")), "it is a folder"],
    [() => readFileSync(join(file, "below")), "a part of its path is no folder"],
    [() => readFileSync(join(dir, "loop")), "it is a symbolic link"],
    [() => writeFileSync(file, "", { flag: "wx" }), "it is there already"],
    [() => writeFileSync(join(dir, "x".repeat(300)), ""), "its name is too long"],
    [() => writeFileSync("/dev/full", "x"), "no space is left on its disk"],
  ];
  for (const [run, reason] of reasons) t.equal(reasonOf(failing(run)), reason);
});

t.test("what is no error of a file is said as it is", async (t) => {
  t.equal(reasonOf(new Error("it is larger than 64 KiB")), "it is larger than 64 KiB");
  t.equal(reasonOf(Object.assign(new Error("3 bytes are free"), { code: "ENOSPC" })), "3 bytes are free");
  t.equal(
    reasonOf(Object.assign(new Error("read EIO"), { code: "EIO", syscall: "read" })),
    "read EIO",
    "a code that has no words here",
  );
  t.equal(reasonOf("thrown text"), "thrown text");
});

t.test("an unreadable file is named, with what to do", async (t) => {
  t.match(unreadable("/x/a", new Error("why")), {
    code: "FILE_UNREADABLE",
    message: "Cannot read /x/a: why",
    where: { file: "/x/a" },
    hint: /Check the path/,
  });
  t.match(unreadable("/x/a", new Error("why"), { what: "the plan", hint: "Make it" }), {
    message: "Cannot read the plan /x/a: why",
    hint: "Make it",
  });
});

t.test("an unwritable file says where else, by what is in the way", async (t) => {
  const options = { what: "the plan", elsewhere: "another folder", whereTaken: "another file, or --force" };
  const hintOf = (code: string): string | undefined =>
    unwritable("/x/a", Object.assign(new Error(), { code, syscall: "open" }), options).hint;
  t.equal(hintOf("EACCES"), "Name another folder");
  t.equal(hintOf("EEXIST"), "Name another file, or --force");
  t.equal(hintOf("ENOSPC"), "Free some disk space, or name another folder");
  t.equal(hintOf("EDQUOT"), "Free some disk space, or name another folder");
  t.match(unwritable("/x/a", new Error("why"), { elsewhere: "b" }), {
    code: "ARTIFACTS_UNWRITABLE",
    message: "Cannot write /x/a: why",
    hint: "Name b",
  });
});
