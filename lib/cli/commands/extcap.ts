import { homedir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { EXIT, HopbookError } from "../../errors.js";
import {
  captureWords,
  EXTCAP_ARGUMENTS,
  INTERFACE,
  listArguments,
  listDlts,
  listInterfaces,
} from "../extcap/words.js";
import { extcapFolders, installExtcap } from "../extcap/install.js";
import type { CommandIo } from "../io.js";
import { executeNamedRun } from "./run.js";

interface ExtcapFlags {
  readonly install?: boolean;
  readonly extcapInterfaces?: boolean;
  readonly extcapDlts?: boolean;
  readonly extcapConfig?: boolean;
  readonly extcapInterface?: string;
  readonly extcapCaptureFilter?: string;
  readonly capture?: boolean;
  readonly fifo?: string;
  readonly [argument: string]: string | boolean | undefined;
}

/** extcap: the program by which Wireshark captures from hopbook's points. */
export function addExtcapCommand(program: Command, io: CommandIo): void {
  const command = program
    .command("extcap")
    .description("what Wireshark runs to capture at pods and nodes; --install makes it known to Wireshark")
    .option("--install", "write the program to your Wireshark's folder for them, and say where")
    .option("--extcap-interfaces", "Wireshark: which interfaces are there")
    .option("--extcap-version [VERSION]", "Wireshark: which version asks")
    .option("--extcap-interface <NAME>", "Wireshark: which one is meant")
    .option("--extcap-dlts", "Wireshark: its link types")
    .option("--extcap-config", "Wireshark: what its dialog asks for")
    .option("--extcap-capture-filter <FILTER>", "Wireshark: its capture filter")
    .option("--capture", "Wireshark: capture")
    .option("--fifo <FILE>", "Wireshark: where packets go");
  for (const { flag, display, type, tooltip } of EXTCAP_ARGUMENTS) {
    command.option(type === "boolflag" ? `--${flag} [true]` : `--${flag} <TEXT>`, `${display}: ${tooltip}`);
  }
  command.action(async (flags: ExtcapFlags) => {
    if (flags.install === true) await install(io);
    else if (flags.extcapInterfaces === true) io.terminal.out(listInterfaces());
    else if (flags.extcapDlts === true) io.terminal.out(listDlts());
    else if (flags.extcapConfig === true) io.terminal.out(listArguments());
    else if (flags.capture === true) await capture(flags, program, io);
    else {
      throw new HopbookError("USAGE", "Cannot tell what Wireshark wants of extcap", {
        hint: "hopbook extcap --install makes it known to Wireshark, which then asks by itself",
      });
    }
  });
}

async function install({ terminal }: CommandIo): Promise<void> {
  const folders = extcapFolders(homedir(), process.env["XDG_CONFIG_HOME"]);
  const [, script = ""] = process.argv;
  const files = await installExtcap(folders, [process.execPath, script]);
  terminal.out(files.map((file) => `${file}\n`).join(""));
  terminal.err(
    `Wireshark and tshark -D list "${INTERFACE}" from now on; what it asks for is granted as by --yes\n`,
  );
}

/** Wireshark shows what is on stderr when it is over: nothing, but what went wrong. */
async function capture(flags: ExtcapFlags, program: Command, io: CommandIo): Promise<void> {
  const { fifo, extcapInterface } = flags;
  if (fifo === undefined || fifo === "") {
    throw new HopbookError("USAGE", "Cannot capture for Wireshark: --fifo says where to, and is missing");
  }
  if (extcapInterface !== INTERFACE) {
    throw new HopbookError(
      "USAGE",
      `Cannot capture at ${String(extcapInterface)}: there is ${INTERFACE} alone`,
    );
  }
  const words = captureWords(flags, flags.extcapCaptureFilter);
  if (!words.some((word) => /^--(pod|node)=/.test(word))) {
    throw new HopbookError("USAGE", "Cannot capture: neither a pod nor a node is named", {
      hint: "Name one in the options of the interface: the wheel beside it",
    });
  }
  const state = process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local/state");
  let [said, exitCode] = ["", 0];
  const quiet: CommandIo = {
    ...io,
    terminal: {
      ...io.terminal,
      ...{ interactive: false, live: undefined, out: () => undefined },
      err: (text) => {
        said = `${said}${text}`.slice(-4000);
      },
    },
    setExitCode: (code) => {
      exitCode = code;
    },
  };
  await executeNamedRun(
    { name: "capture", words: [...words, "--yes", "--out", join(state, "hopbook/extcap")] },
    { program, io: quiet, shown: { packets: fifo, print: false } },
  );
  // It is stopped by a signal, and what the packets say is no matter here.
  const isWell = ([EXIT.healthy, EXIT.findings, EXIT.incomplete, EXIT.interrupted] as number[]).includes(
    exitCode,
  );
  if (isWell) return;
  io.terminal.err(said);
  io.setExitCode(exitCode);
}
