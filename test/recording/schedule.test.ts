import t from "tap";
import { setTimeout as sleep } from "node:timers/promises";
import type { Works } from "../../lib/recording/at-rest.js";
import { Schedule } from "../../lib/recording/schedule.js";

/** Longer than any look takes, and than what was once taken for standing still. */
const LONG_MS = 1300;

const at = (given: string[], name: string, mayCome = true) => ({
  mayCome: () => mayCome,
  mayBeForced: () => true,
  deliver: () => void given.push(name),
});

/** All that is to come has come; a slow machine has its time. */
async function until(given: readonly string[], count: number): Promise<void> {
  for (let looks = 0; given.length < count && looks < 2000; looks += 1) await sleep(5);
}

function makeWorks(): { files: boolean; programs: boolean; works: Works } {
  const state = { files: false, programs: false };
  const works = { onFiles: () => state.files, onPrograms: () => state.programs, end: () => undefined };
  return Object.assign(state, { works });
}

t.test("nothing comes before what the run did until then, however long that takes", async (t) => {
  const state = makeWorks();
  const schedule = new Schedule(state.works);
  const [answer, asked, other] = [schedule.add(3), schedule.add(2), schedule.add(1)];
  const given: string[] = [];
  schedule.meet(other);
  state.files = true;
  schedule.arm(answer, at(given, "answer"));
  await sleep(LONG_MS);
  t.strictSame(given, [], "files are worked on, of which it may come that it asks");
  schedule.meet(asked);
  state.files = false;
  await until(given, 1);
  t.strictSame(given, ["answer"]);
  schedule.close();
});

t.test(
  "what came earlier has its effect first; who wants out and time limits do not wait for that",
  async (t) => {
    const state = makeWorks();
    const schedule = new Schedule(state.works);
    const [line, interrupt] = [schedule.add(1), schedule.add(2)];
    const given: string[] = [];
    state.files = true;
    schedule.arm(line, at(given, "line"));
    schedule.arm(interrupt, { ...at(given, "interrupt"), isAbrupt: true });
    await sleep(100);
    t.strictSame(given, []);
    state.files = false;
    await sleep(50);
    t.strictSame(given, ["line", "interrupt"]);
    const [abrupt] = [schedule.add(3)];
    state.files = true;
    schedule.arm(abrupt, { ...at(given, "limit"), isAbrupt: true });
    await sleep(50);
    t.strictSame(given, ["line", "interrupt", "limit"], "in the middle of what goes on");
    schedule.close();
  },
);

t.test("the order is given up where nothing goes on any more", async (t) => {
  const state = makeWorks();
  const schedule = new Schedule(state.works);
  const given: string[] = [];
  const [never, unasked, answer, waits] = [1, 2, 3, 4].map((seq) => schedule.add(seq));
  schedule.arm(answer!, at(given, "answer"));
  schedule.arm(waits!, at(given, "called off", false));
  await until(given, 2);
  t.strictSame(given, ["answer", "called off"], "what waits for a word that never comes is forced last");
  schedule.arm(unasked!, at(given, "late"));
  schedule.meet(never!);
  await until(given, 3);
  t.strictSame(given.at(-1), "late", "what is asked for after all comes");
  schedule.close();
});

t.test(
  "of a program that runs nobody knows whether it computes: it is waited for, for a while",
  async (t) => {
    const state = makeWorks();
    const schedule = new Schedule(state.works);
    const given: string[] = [];
    schedule.add(1);
    schedule.arm(schedule.add(2), at(given, "answer"));
    state.programs = true;
    await sleep(LONG_MS);
    t.strictSame(given, []);
    state.programs = false;
    await sleep(200);
    t.strictSame(given, ["answer"]);
    schedule.close();
  },
);
