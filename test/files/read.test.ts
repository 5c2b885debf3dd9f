import t from "tap";
import { execFileSync } from "node:child_process";
import { constants, symlinkSync } from "node:fs";
import { join } from "node:path";
import { readRegularFile } from "../../lib/files/read.js";

t.test(
  "a regular file within its limit is read whole; nothing else is, and nothing is waited for",
  async (t) => {
    const dir = t.testdir({ a: "12345", folder: {} });
    const path = (name: string): string => join(dir, name);
    execFileSync("mkfifo", [path("pipe")]);
    symlinkSync("a", path("link"));
    t.equal((await readRegularFile(path("a"), 5)).toString(), "12345");
    t.equal((await readRegularFile(path("link"), 5)).toString(), "12345");
    await t.rejects(readRegularFile(path("a"), 4), { message: "it has 5 bytes, more than 4" });
    for (const one of [path("folder"), path("pipe"), "/dev/zero"])
      await t.rejects(readRegularFile(one, 5), { message: "it is not a regular file" });
    await t.rejects(readRegularFile(path("link"), 5, constants.O_NOFOLLOW), { code: "ELOOP" });
    await t.rejects(readRegularFile(path("none"), 5), { code: "ENOENT" });
  },
);
