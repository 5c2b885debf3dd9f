import { Option, type Command } from "commander";
import { EXIT, HopbookError, type ExitCode } from "../../errors.js";
import type { AuditStatus } from "../../model/audit/audit.js";
import { printJson } from "../../model/json.js";
import type { Protocol } from "../../model/traffic.js";
import type { CommandIo } from "../io.js";
import { clusterOf, type CommonOptions, type PermissionOptions } from "../options.js";
import { withSignals } from "../with-signals.js";

export interface AuditFlags {
  readonly audit?: boolean;
  readonly protocol?: Protocol;
  readonly port?: string;
  readonly family?: keyof typeof FAMILIES;
}

const FAMILIES = { "4": 4, "6": 6, ipv4: 4, ipv6: 6 } as const;

const EXIT_CODES: Readonly<Record<AuditStatus, ExitCode>> = {
  fault: EXIT.findings,
  undecided: EXIT.incomplete,
  clean: EXIT.healthy,
};

export function addAuditOptions(hops: Command): void {
  hops
    .addOption(
      new Option("--family <4|6>", "with --to: of ends that have both IP families").choices(
        Object.keys(FAMILIES),
      ),
    )
    .option("--audit", "judge the path by the nodes' state alone: nothing is sent, nothing captured")
    .addOption(
      new Option("--protocol <NAME>", "with --audit: of the packets that are judged").choices([
        "icmp",
        "udp",
        "tcp",
      ]),
    )
    .option("--port <N>", "with --audit: where the destination names none")
    .addHelpText(
      "after",
      "\nExit codes of --audit: 0 no fault; 3 a fault; 6 something could not be judged.\n" +
        "\nExample:\n  hopbook hops shop/client --to shop/web:8080 --audit --yes",
    );
}

/** What is asked of a path's family; nothing where it is left open. */
export function familyOf({ family }: AuditFlags): { readonly family?: 4 | 6 } {
  return family === undefined ? {} : { family: FAMILIES[family] };
}

/** `hopbook hops … --audit`. */
export async function executeAudit(
  given: {
    readonly from: string;
    readonly to: string | undefined;
    readonly options: CommonOptions & PermissionOptions & AuditFlags;
  },
  io: CommandIo,
): Promise<void> {
  const { from, to, options } = given;
  if (to === undefined) {
    throw new HopbookError("USAGE", "Cannot audit: both ends of the path are needed", {
      hint: "Name them as in hopbook hops shop/client --to shop/web:8080 --audit",
    });
  }
  const { auditHops } = await import("../../api/run.js");
  const { reportAudit } = await import("../../api/report.js");
  const { protocol } = options;
  const asked = {
    ...familyOf(options),
    ...(protocol === undefined ? {} : { protocol }),
    ...(options.port === undefined ? {} : { port: readPort(options.port) }),
  };
  const audit = await withSignals({ io, flags: options }, (shared) =>
    auditHops({ from, to, ...asked, ...clusterOf(options), grants: options, ...shared }),
  );
  const { terminal } = io;
  terminal.out(options.output === "json" ? printJson(audit) : reportAudit(audit, terminal));
  io.setExitCode(EXIT_CODES[audit.status]);
}

function readPort(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new HopbookError("USAGE", `Cannot audit: ${text} is no port`, {
    hint: "A port is a number from 1 to 65535",
  });
}
