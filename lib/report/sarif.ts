import type { ErrorProblem } from "../errors.js";
import { visible } from "./escape.js";
import { locateArtifact, writeSarifLog, type SarifResult, type SarifRule } from "./sarif-log.js";

/** A file and what is wrong with it; a problem may stand in another one, which it is made of. */
interface FileProblems {
  readonly file: string;
  readonly problems: readonly ErrorProblem[];
}

interface SarifOptions {
  /** Paths are written relative to it; what stands outside gets a whole URI. */
  readonly root: string;
  readonly version: string;
  readonly rules: readonly SarifRule[];
}

/** Problems as SARIF 2.1.0 (OASIS), which code hosts show beside the lines. `file` is absolute or relative to `root`. */
export function renderSarif(files: readonly FileProblems[], options: SarifOptions): string {
  const results = files.flatMap(({ file, problems }) =>
    problems.map((problem): SarifResult => ({
      ruleId: problem.rule,
      level: "error",
      message: { text: textOf(problem) },
      locations: [
        {
          physicalLocation: {
            artifactLocation: locateArtifact(problem.file ?? file, options.root),
            region: regionOf(problem),
          },
        },
      ],
    })),
  );
  return writeSarifLog(results, options);
}

function textOf({ message, suggestion }: ErrorProblem): string {
  return visible(suggestion === undefined ? message : `${message}; ${suggestion}`);
}

function regionOf({ line, column, endColumn }: ErrorProblem): Record<string, number> {
  return { startLine: line, startColumn: column, ...(endColumn === undefined ? {} : { endColumn }) };
}
