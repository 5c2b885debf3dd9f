import t from "tap";
import { HopbookError } from "../../lib/errors.js";
import { Grace } from "../../lib/session/grace.js";

/** A login that nothing ends but its signal, as those of a way in do. */
const never = (late: AbortSignal): Promise<string> =>
  new Promise((_, reject) => {
    const giveUp = (): void => reject(new HopbookError("INTERRUPTED", "Cannot connect: interrupted"));
    late.addEventListener("abort", giveUp, { once: true });
  });

t.test(
  "once one has answered, the others are waited for a little longer, those that begin later as well",
  async (t) => {
    const grace = new Grace(20);
    const silent = grace.bound("node-b", never);
    t.equal(await grace.bound("node-a", () => Promise.resolve("entered")), "entered");
    const given = {
      code: "NODE_UNREACHABLE",
      message: /log in to node-[bc]: no answer within 0\.\d s, and other/,
    };
    await t.rejects(silent, given);
    await t.rejects(grace.bound("node-c", never), given);
    t.equal(await grace.bound("node-d", () => Promise.resolve("late, and in time")), "late, and in time");
    grace.close();
  },
);

t.test("what goes wrong by itself is thrown as it is; so is an interruption by the person", async (t) => {
  const grace = new Grace(20);
  const refused = new HopbookError("SSH_AUTH_FAILED", "Cannot connect to node node-b: it refused every key");
  await t.rejects(
    grace.bound("node-b", () => Promise.reject(refused)),
    refused,
  );
  const interrupted = new HopbookError("INTERRUPTED", "Cannot connect: the run was interrupted");
  await t.rejects(
    grace.bound("node-b", () => Promise.reject(interrupted)),
    interrupted,
  );
  grace.close();
});
