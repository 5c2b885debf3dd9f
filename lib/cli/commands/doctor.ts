import type { Command } from "commander";
import { EXIT } from "../../errors.js";
import { askOn } from "../confirm.js";
import type { CommandIo } from "../io.js";
import {
  addClusterOptions,
  addEntryOptions,
  addOutputOption,
  addPermissionOptions,
  clusterOf,
  type CommonOptions,
  type PermissionOptions,
} from "../options.js";
import { listenForSignals } from "../signals.js";
import { printJson } from "../../model/json.js";

type DoctorFlags = CommonOptions & PermissionOptions & { readonly from?: string; readonly to?: string };

/** doctor: what stands in a run's way. */
export function addDoctorCommand(program: Command, io: CommandIo): void {
  const doctor = program
    .command("doctor")
    .description("every reason why a run would be refused, before the run")
    .option("--from <END>", "where the traffic would start")
    .option("--to <END>", "where it would go: namespace/pod[:port], svc/NAME:port, node/NAME or IP[:port]")
    .addHelpText(
      "after",
      "\nNo pod's image is pulled for it but that of a way in that has to be made; without leave to enter the nodes it\n" +
        "says what was not looked at. Exit codes: 0 nothing blocks a run; 5 something does; 6 nodes\n" +
        "were not looked at, for want of leave.\n" +
        "\nExample:\n  hopbook doctor --from shop/client --to svc/web:80 --yes",
    );
  addOutputOption(addPermissionOptions(addEntryOptions(addClusterOptions(doctor)))).action(
    (flags: DoctorFlags) => executeDoctor(flags, io),
  );
}

async function executeDoctor(flags: DoctorFlags, io: CommandIo): Promise<void> {
  const { terminal } = io;
  const { renderDoctor, runDoctor } = await import("../../api/doctor.js");
  const interruption = listenForSignals(
    () => undefined,
    () => process.exit(EXIT.interrupted),
  );
  try {
    const { exitCode, ...report } = await runDoctor({
      ...clusterOf(flags),
      ...{ from: flags.from, to: flags.to, cwd: process.cwd() },
      ...{ grants: flags, confirm: askOn(terminal), signal: interruption.signal },
    });
    if (flags.output === "json") terminal.out(printJson(report));
    else terminal.out(renderDoctor(report, { color: terminal.color }));
    io.setExitCode(exitCode);
  } finally {
    interruption.dispose();
  }
}
