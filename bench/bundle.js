// Makes the analysis one file, as the program has it: a hundred and fifty modules take longer to load than small captures
// to be analyzed.
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const ANALYSIS = fileURLToPath(new URL("../.build/bench/analysis.js", import.meta.url));

export function bundleAnalysis() {
  const entry = fileURLToPath(new URL("../dist/analysis/index.js", import.meta.url));
  buildSync({
    ...{ entryPoints: [entry], outfile: ANALYSIS, bundle: true, packages: "external" },
    ...{ format: "esm", platform: "node", target: "es2023", logLevel: "warning" },
  });
}
