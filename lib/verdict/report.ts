import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { unwritable } from "../files/failure.js";
import { readFindings, type RunFolder } from "../artifacts/index.js";
import { loadRunRecord } from "../analysis/index.js";
import type { RunRecord } from "../model/evidence.js";
import type { Attachments } from "../model/cni/attachment.js";
import type { Findings } from "../model/findings.js";
import type { FlowPath } from "../model/hops.js";
import { visible } from "../model/visible.js";
import { padColumns } from "../text/columns.js";
import {
  nameCluster,
  renderAttachments,
  renderHtml,
  renderJson,
  renderJunit,
  renderMarkdown,
  renderPrometheus,
  renderSarifFindings,
  renderSummary,
  renderText,
} from "../report/index.js";
import { VERSION } from "../catalogue/places.js";
import { analyzeRunFolder } from "./analyze.js";

export { renderPlan } from "../plan/render.js";
export { reportAudit } from "../report/index.js";

export const REPORT_FORMATS = [
  "text",
  "md",
  "html",
  "json",
  "junit",
  "sarif",
  "prometheus",
  "summary",
] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** What a text report needs to know of where it is shown. */
export interface TextTarget {
  readonly color: boolean;
  readonly unicode: boolean;
  readonly width: number;
}

/** `dir`: the run's folder, which says the cluster's name for the commands that come next. */
export function reportText(findings: Findings, target: TextTarget, dir?: string | null): string {
  const record = dir == null ? undefined : readRecord(dir);
  return renderText(nameCluster(findings, record), {
    color: target.color,
    unicode: target.unicode,
    width: target.width,
  });
}

/** findings.json, report.md and report.html of a run. */
export async function writeReports(folder: RunFolder, findings: Findings, record: RunRecord): Promise<void> {
  await folder.writeText("findings.json", renderJson(findings));
  await folder.writeText("report.md", renderMarkdown(findings, record));
  await folder.writeText("report.html", renderHtml(findings, { ...stampOf(findings), record }));
}

/** The page of findings that no run folder belongs to. Gives its whole path; throws ARTIFACTS_UNWRITABLE where it is there already. */
export async function writeHtmlFile(
  findings: Findings,
  options: { readonly file: string; readonly force: boolean },
): Promise<string> {
  const file = resolve(options.file);
  try {
    await writeFile(file, renderHtml(findings, stampOf(findings)), {
      flag: options.force ? "w" : "wx",
      mode: 0o600,
    });
    return file;
  } catch (error) {
    throw unwritable(file, error, {
      what: "the report",
      elsewhere: "a file that can be written",
      whereTaken: "another file, or overwrite it with --force",
    });
  }
}

function stampOf({ run }: Findings): { readonly generatedAt: Date } {
  return { generatedAt: new Date(run.startedAt) };
}

/** A run's report again: from its findings, or from its evidence where the findings are gone. */
export async function renderReport(
  dir: string,
  options: { readonly format: ReportFormat; readonly terminal: TextTarget },
): Promise<string> {
  const findings = await readFindings(dir).catch(() => analyzeRunFolder(dir));
  const record = readRecord(dir);
  switch (options.format) {
    case "text":
      return reportText(findings, options.terminal, dir);
    case "md":
      return renderMarkdown(findings, record);
    case "html":
      return renderHtml(findings, { ...stampOf(findings), record });
    case "json":
      return renderJson(findings);
    case "junit":
      return renderJunit(findings);
    case "prometheus":
      return renderPrometheus(findings);
    case "summary":
      return renderSummary(findings);
    case "sarif":
      return renderSarifFindings(findings, { version: VERSION, root: resolve(dir) });
  }
}

/** What the run says of itself; findings can be shown without. */
function readRecord(dir: string): RunRecord | undefined {
  try {
    return loadRunRecord(dir);
  } catch {
    return undefined;
  }
}

/** What pods hang on, for people, with what each method says. */
export function reportAttachments(attachments: Attachments, target: TextTarget): string {
  const { color, unicode, width } = target;
  return renderAttachments(attachments, { color, unicode, width });
}

/** The hops of a path for people, with how each is known. */
export function reportPath(path: FlowPath): string {
  const lines = [
    `${visible(path.from.text)} (${path.from.ip}) to ${visible(path.to.text)} (${path.to.ip}), recipe ${visible(path.recipe)}`,
  ];
  let node = "";
  for (const hop of path.hops) {
    if (hop.node !== node) lines.push(`${visible(hop.node)}:`);
    node = hop.node;
    const mtu = hop.mtuBytes === null ? "" : `  mtu ${hop.mtuBytes}`;
    const wears = hop.encapsulation.kind === "none" ? "" : `  ${hop.encapsulation.kind}`;
    lines.push(
      `  ${hop.index}. ${padColumns(visible(hop.interface), 15)} ${hop.role.padEnd(10)}${mtu}${wears}`,
    );
    for (const evidence of hop.evidence) lines.push(`       ${visible(evidence)}`);
  }
  if (path.replyHops !== null) {
    lines.push(
      `replies come back through ${path.replyHops.map((hop) => visible(`${hop.node} ${hop.interface}`)).join(", ")}`,
    );
  }
  for (const note of path.notes) lines.push(`note: ${visible(note)}`);
  return `${lines.join("\n")}\n`;
}
