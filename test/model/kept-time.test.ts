import t from "tap";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { KEPT_TIME } from "../../lib/model/kept-time.js";

const SHELLS = ["dash", "bash", "busybox"].filter((name) => spawnSync(name, ["true"]).error === undefined);

/** `by`: how far the clock is set, or wrong, from then on. */
function run(shell: string, script: string, dir: string): string {
  const words = shell === "busybox" ? ["sh", "-c"] : ["-c"];
  return spawnSync(shell, [...words, `${KEPT_TIME}\n${script}`], { cwd: dir, encoding: "utf8" }).stdout;
}

const set = (seconds: number): string => `date() { echo $(($(command date "$@") + ${seconds})); }\n`;

for (const shell of SHELLS) {
  t.test(`${shell}: it is over after so many seconds, whatever becomes of the clock`, async (t) => {
    const dir = t.testdir({ plain: "4102444800\n", wrong: "x y z\n", none: "" });
    const left = (before: string, file = "expires"): string =>
      run(shell, `${before}time_left ${file} && echo "$LEFT"`, dir);
    run(shell, "keep_for 100 >expires", dir);
    for (const by of [0, -86_400, 86_400]) {
      const seconds = Number(left(set(by)));
      t.ok(seconds > 90 && seconds <= 101, `set by ${by}: ${seconds} s left`);
    }
    run(shell, `${set(86_400)}keep_for 100 >expires`, dir);
    t.ok(Number(left("")) <= 101, "the clock was wrong when it began");
    run(shell, "keep_for 100 | { read -r a b c; echo $a $b of-another-start; } >expires", dir);
    t.ok(Number(left(set(40))) < 70, "after a restart by the clock");
    t.match(left("", "plain"), /^\d{6,}\n$/);
    for (const file of ["wrong", "none", "missing"]) t.equal(left("", file), "", file);
    t.equal(run(shell, "time_left plain && echo $UNTIL", join(dir)), "4102444800\n");
  });
}
