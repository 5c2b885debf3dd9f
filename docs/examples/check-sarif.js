// Checks every runbook below some folders and leaves what is wrong as SARIF, for a code host to show beside the lines:
//   node check-sarif.js runbooks clusters > hopbook.sarif
import { checkFiles, reportSarif } from "hopbook";

const files = await checkFiles(process.argv.slice(2));
process.stdout.write(reportSarif(files, { root: process.cwd() }));
for (const { file, problems } of files) {
  for (const { line, column, message, rule } of problems) {
    console.error(`${file}:${line}:${column}: ${message} (${rule})`);
  }
}
process.exitCode = files.some(({ error }) => error !== null) ? 2 : 0;
