import t from "tap";
import { movePluginFlags } from "../../lib/cli/plugin.js";

t.test("kubectl's flags in front of the command go behind its name", async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ["-n shop run trace-path --from a", "run trace-path -n shop --from a"],
    ["-n shop plan x", "plan x -n shop"],
    ["-n shop run --plan f", "run -n shop --plan f"],
    ["-n shop --context prod check x.yaml", "check x.yaml"],
    ["--namespace=shop --context prod doctor", "doctor --namespace=shop --context prod"],
    ["-nshop --kubeconfig /k list", "list -nshop --kubeconfig /k"],
    ["run trace-path -n shop", "run trace-path -n shop"],
    ["--help", "--help"],
    ["-V", "-V"],
    ["", ""],
    ["-n", "-n"],
    ["-n shop", "-n shop"],
    ["-n run run x", "run x -n run"],
    ["--no-traffic run", "--no-traffic run"],
  ];
  for (const [given, wanted] of cases) {
    const words = (text: string): string[] => (text === "" ? [] : text.split(" "));
    t.strictSame(movePluginFlags(words(given)), words(wanted), given);
  }
});
