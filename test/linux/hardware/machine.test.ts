import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import t from "tap";
import { MACHINE_NAME, MACHINE_SCRIPT, parseMachine } from "../../../lib/linux/hardware/machine.js";

t.test("the script tells hashes, and nothing that the machine is known by", async (t) => {
  const text = execFileSync("sh", ["-c", MACHINE_SCRIPT, MACHINE_NAME], { encoding: "utf8" });
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().replaceAll("-", "");
  const hash = createHash("sha256").update(`hopbook ${boot}`).digest("hex").slice(0, 16);
  t.equal(parseMachine(text).get("boot"), hash);
  t.notMatch(text.replaceAll("-", ""), boot);
});

t.test("what is no line of it is passed over", async (t) => {
  const hash = "0123456789abcdef";
  const text = `boot ${hash}\nmachine-id short\nproduct_uuid ${hash}0\nother ${hash}\n\u0000\nproduct_uuid ${hash}\n`;
  t.strictSame(
    [...parseMachine(text)],
    [
      ["boot", hash],
      ["product_uuid", hash],
    ],
  );
});
