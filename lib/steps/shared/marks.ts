import type { MarkFinding } from "../../model/findings.js";
import type { StepContext } from "../../model/steps.js";

const MARKS_FILE = "evidence/marks.json";

/** Adds to evidence/marks.json: `{marks: MarkFinding[]}`. */
export async function addMark(mark: Omit<MarkFinding, "step">, context: StepContext): Promise<void> {
  const record: MarkFinding = { ...mark, step: context.evidenceName };
  context.live?.mark({ timeMs: Date.parse(mark.at), text: `${mark.kind}: ${mark.text}` });
  await context.sink.appendJson(MARKS_FILE, { key: "marks", records: [record] });
}
