import { execInPod, type LabState } from "../../lib/lab/index.js";

/** What pods send by themselves, beside what hopbook does: it lasts as long as that, however slow the machine is. */

/** Starts the words behind the first one, and ends them once the file is there. */
const UNTIL_TOLD = `end=$1; shift
"$@" </dev/null >/dev/null 2>&1 &
pid=$!; tries=0
until [ -e "$end" ] || [ "$tries" -ge 3000 ]; do tries=$((tries + 1)); sleep 0.1; done
kill "$pid" 2>/dev/null; wait "$pid"; rm -f "$end"`;
const LONGEST_MS = 310_000;

let times = 0;

/** `argv` runs in the pod from before `work` begins until after it has ended. */
export async function whileSending<T>(
  lab: LabState,
  { pod, argv }: { readonly pod: string; readonly argv: readonly string[] },
  work: () => Promise<T>,
): Promise<T> {
  const end = `/run/pod/enough-${(times += 1)}`;
  const words = ["sh", "-c", UNTIL_TOLD, "send", end, ...argv];
  const sending = execInPod(lab, pod, words, { timeoutMs: LONGEST_MS });
  try {
    return await work();
  } finally {
    await execInPod(lab, pod, ["touch", end]);
    await sending;
  }
}

/** So many pages or names, one after the other by one process: done in a moment, while a capture of some seconds goes on. */
export async function fetchPages(lab: LabState, pod: string, urls: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await execInPod(lab, pod, ["curl", "-sS", "-m", "20", ...urls]);
  if (exitCode !== 0) throw new Error(`curl in ${pod}: ${stderr}`);
  return stdout;
}

export async function askNames(
  lab: LabState,
  pod: string,
  { server, names }: { readonly server: string; readonly names: readonly string[] },
): Promise<string> {
  const argv = ["dig", "+short", "+tries=1", "+time=20", `@${server}`, ...names];
  const { exitCode, stdout, stderr } = await execInPod(lab, pod, argv);
  if (exitCode !== 0) throw new Error(`dig in ${pod}: ${stdout}${stderr}`);
  return stdout;
}
