import { spawnSync } from "node:child_process";
import t from "tap";
import { SCRIPT_BASE } from "../../lib/traffic/script-base.js";

/** What `hear` asks the clock while nothing answers: the times that it is told, in microseconds, and those that it took. */
function listen(
  said: readonly string[],
  times: readonly number[],
): { readonly taken: number; readonly line: string } {
  const words = said.map((line) => `'${line}'`).join(" ");
  const script = `${SCRIPT_BASE}
now() { NOW=0; }
times=(${times.join(" ")}) taken=0
up() { UP=\${times[taken]-999999999}; taken=$((taken + 1)); }
exec 7< <(printf '%s\\n' ${words}; exec sleep 60)
writer=$!
hear 1 <&7
kill "$writer"
printf 'taken %d\\n' "$taken"
`;
  const ran = spawnSync("bash", ["-c", script, "hopbook-probe", "connect", "192.0.2.1", "9", "100", "1500"], {
    encoding: "utf8",
  });
  const [line = "", taken = ""] = ran.stdout.split("\n");
  return { taken: Number(taken.split(" ")[1]), line };
}

t.test(
  "an answer is waited for since it was asked for, and no longer because a process took long to start",
  (t) => {
    const sent = listen(["pid 999999999", "port 5", "sent"], [0, 0, 0, 0, 100_000, 1_649_999, 1_650_000]);
    t.equal(sent.line, "attempt 1 0 5 - none - ");
    t.equal(sent.taken, 7, "1.5 s and what a word takes to be heard, since 0.1 s");
    const unsaid = listen(["pid 999999999", "port 5"], [0, 0, 0, 1_650_000, 1_749_999, 1_750_000]);
    t.equal(unsaid.taken, 6, "one that has not said that it is sent may still be starting");
    t.end();
  },
);
