import { Option, type Command } from "commander";
import { text as textOf } from "node:stream/consumers";
import type { Shared, Verified } from "../../api/share.js";
import { EXIT, HopbookError } from "../../errors.js";
import { printJson } from "../../model/json.js";
import { visible } from "../../model/visible.js";
import type { CommandIo } from "../io.js";
import { addOutputOption, type CommonOptions } from "../options.js";

interface ShareFlags extends Pick<CommonOptions, "output"> {
  readonly out?: string;
  readonly key?: string;
  readonly payload?: string;
  readonly verify?: string;
  readonly reveal?: string;
}

/** share: a run to hand on. */
export function addShareCommand(program: Command, io: CommandIo): void {
  const share = program
    .command("share")
    .description("a run as one archive in which every address and name is a pseudonym, to be handed on")
    .argument("[run folder]", "a folder that hopbook run made")
    .option("--out <FILE>", "the archive (default: called by the run, .tar.gz)")
    .option(
      "--key <FILE>",
      "by which pseudonyms are told; one that is there is used again (default: beside the archive)",
    )
    .addOption(new Option("--payload <WHAT>", "what packets carry").choices(["cut", "keep"]).default("cut"))
    .option("--verify <FILE>", "look for any original in that archive; takes --key")
    .option("--reveal <FILE>", "translate a text from standard input back, by that key")
    .addHelpText(
      "after",
      "\nExit codes: 0 done; 3 --verify found an original; 6 something was left out, or could not be looked through.\n" +
        "\nExample:\n  hopbook share RUN --out for-vendor.tar.gz --key for-vendor.key.json\n" +
        "  hopbook share --verify for-vendor.tar.gz --key for-vendor.key.json\n" +
        "  hopbook share --reveal for-vendor.key.json <answer.txt",
    );
  addOutputOption(share).action((dir: string | undefined, flags: ShareFlags) => execute(dir, flags, io));
}

async function execute(dir: string | undefined, flags: ShareFlags, io: CommandIo): Promise<void> {
  const { terminal } = io;
  if ([dir, flags.verify, flags.reveal].filter((one) => one !== undefined).length !== 1)
    throw wrong("a run folder, --verify ARCHIVE or --reveal KEY has to be named, and one of them alone");
  const { reveal, shareRun, verifyArchive } = await import("../../api/share.js");
  if (flags.reveal !== undefined) {
    terminal.out(await reveal(await textOf(process.stdin), flags.reveal));
    return;
  }
  if (flags.verify !== undefined) {
    if (flags.key === undefined) throw wrong("--verify takes --key, the file with what to look for");
    const verified = await verifyArchive(flags.verify, flags.key);
    terminal.out(flags.output === "json" ? printJson(verified) : renderVerified(verified));
    io.setExitCode(
      verified.left.length > 0 ? EXIT.findings : verified.unread.length > 0 ? EXIT.incomplete : EXIT.healthy,
    );
    return;
  }
  const shared = await shareRun({
    dir: dir ?? "",
    out: flags.out ?? null,
    key: flags.key ?? null,
    keepsPayload: flags.payload === "keep",
    cwd: process.cwd(),
  });
  terminal.out(flags.output === "json" ? printJson(shared) : renderShared(shared));
  const { leftOut, damaged } = shared.report;
  io.setExitCode(leftOut.length + damaged.length > 0 ? EXIT.incomplete : EXIT.healthy);
}

function renderShared({ archive, key, report }: Shared): string {
  const { counts, leftOut, damaged, verdict, payloadKept } = report;
  const names = Object.values(counts.names).reduce((sum, count) => sum + count, 0);
  const lines = [
    `archive: ${archive}`,
    `key:     ${key} (keep it: whoever has it reads the archive's names)`,
    `changed: ${counts.addresses} addresses, ${counts.macs} MACs, ${names} names, ${counts.identifiers} identifiers; removed: ${counts.secrets} secrets`,
    payloadKept
      ? "payload: KEPT, as it was captured"
      : `payload: ${counts.payloadBytes} bytes of ${counts.packets} packets cut off or overwritten`,
    ...("unknown" in verdict
      ? [`verdict: not had again: ${verdict.unknown}`]
      : verdict.differences.length === 0
        ? ["verdict: had again from the archive, and the same"]
        : verdict.differences.map((difference) => `verdict: from the archive alone, ${difference}`)),
    ...leftOut.map(({ path, reason }) => `left out: ${path}: ${reason}`),
    ...damaged.map(({ path, reason }) => `only the beginning: ${path}: ${reason}`),
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}

function renderVerified({ files, packets, originals, ambiguous, left, unread }: Verified): string {
  const lines = [
    `${originals} originals looked for in ${files} files and ${packets} packets: ${left.length === 0 ? "none is left" : `${left.length} are left`}`,
    ...left.map(
      ({ path, at, original }) =>
        `left: ${original} in ${path}${at === 0 ? "'s name" : `, line or frame ${at}`}`,
    ),
    ...(ambiguous === 0
      ? []
      : [`${ambiguous} more are another one's pseudonym as well: nothing can tell them apart`]),
    ...unread.map(({ path, reason }) => `not looked through: ${path}: ${reason}`),
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}

function wrong(why: string): HopbookError {
  return new HopbookError("USAGE", `Cannot tell what to share: ${why}`, {
    hint: "hopbook share RUN, hopbook share --verify ARCHIVE --key FILE, or hopbook share --reveal KEY <answer.txt",
  });
}
