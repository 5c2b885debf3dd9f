import { DEFAULT_TOPOLOGY, LAB_TOPOLOGIES, isLabTopology, type LabTopology } from "../../api/topologies.js";
import type { Command } from "commander";
import { HopbookError } from "../../errors.js";
import { formatDuration } from "../../model/units.js";
import type { CommandIo } from "../io.js";
import { nextCommand } from "../next-command.js";
import { addOutputOption, type CommonOptions } from "../options.js";
import { printJson } from "../../model/json.js";

interface LabOptions extends CommonOptions {
  readonly name: string;
  readonly rootless?: boolean;
  readonly deadDns?: boolean;
  readonly nodes: string;
}

/** lab up|down|status|faults|fault|exec, and demo. */
export function addLabCommands(program: Command, io: CommandIo): void {
  const lab = program.command("lab").description("a cluster of network namespaces to rehearse on");
  const named = (command: Command): Command =>
    addOutputOption(command).option("--name <NAME>", "which lab, where there are several", "lab");

  named(lab.command("up").description("bring it up and write its cluster profiles"))
    .argument("[topology]", `what to build: ${Object.keys(LAB_TOPOLOGIES).join(", ")}`, DEFAULT_TOPOLOGY)
    .option("--nodes <N>", "how many nodes: 2 or 3", "2")
    .option("--rootless", "in a user namespace, without root")
    .option("--dead-dns", "nodes whose resolver answers nothing, and whose names are nowhere")
    .action(async (topology: string, options: LabOptions) => {
      const { upLab } = await import("../../api/lab.js");
      const startedMs = Date.now();
      requireTopology(topology);
      const state = await upLab({
        name: options.name,
        topology,
        nodes: Number(options.nodes),
        rootless: options.rootless,
        deadDns: options.deadDns,
      });
      if (options.output === "json") io.terminal.out(printJson(state));
      else {
        io.terminal.out(
          `lab ${state.name} is up in ${formatDuration(Date.now() - startedMs)}: ${topology}\n`,
        );
        for (const node of state.nodes) {
          io.terminal.out(`  ${node.name} ${node.address}\n`);
          for (const pod of node.pods)
            io.terminal.out(
              `    ${pod.namespace}/${pod.name} ${[pod.ip, ...pod.additionalIps].join(", ")}\n`,
            );
        }
        for (const service of state.services) {
          const { clusterIp, clusterPort, protocol, endpoint } = service;
          io.terminal.out(
            `  ${service.name} ${bracket(clusterIp)}:${clusterPort}/${protocol} to ${bracket(endpoint.ip)}:${endpoint.port}\n`,
          );
        }
        io.terminal.out(`  beyond the nodes ${state.outside.ip}:${state.outside.port}\n`);
        io.terminal.out(
          `cluster profiles:\n  ${state.files.profile}\n  ${state.files.sshProfile} (by ssh)\n`,
        );
        const words = ["run", "trace-path", "--from", "shop/client", "--to", "shop/web:8080", "--yes"];
        const again = nextCommand(io.terminal, [...words, "--cluster", state.files.profile]);
        io.terminal.out(`try: ${again}\n`);
      }
    });

  named(lab.command("down").description("take it down; nothing is left")).action(
    async (options: LabOptions) => {
      const { downLab } = await import("../../api/lab.js");
      const { existed } = await downLab({ name: options.name });
      io.terminal.out(existed ? `lab ${options.name} is down\n` : `lab ${options.name} was not up\n`);
    },
  );

  addOutputOption(lab.command("status").description("which labs are up, and their faults")).action(
    async (options: CommonOptions) => {
      const { listLabs } = await import("../../api/lab.js");
      const states = listLabs();
      if (options.output === "json") io.terminal.out(printJson(states));
      else if (states.length === 0) io.terminal.out("no lab is up\n");
      for (const { name, status, state, deadNodes, faults } of options.output === "json" ? [] : states) {
        const words = [
          status,
          state?.topology,
          deadNodes.length > 0 ? `dead nodes: ${deadNodes.join(", ")}` : undefined,
        ];
        words.push(faults.length === 0 ? "no faults" : `faults: ${faults.join(", ")}`);
        io.terminal.out(`${name}: ${words.filter((word) => word !== undefined).join(", ")}\n`);
      }
    },
  );

  addOutputOption(lab.command("faults").description("the faults that can be set"))
    .argument("[topology]", "in a lab of which topology", DEFAULT_TOPOLOGY)
    .action(async (topology: string, options: CommonOptions) => {
      requireTopology(topology);
      const { listFaults } = await import("../../api/lab.js");
      const faults = listFaults(topology);
      if (options.output === "json") io.terminal.out(printJson(faults));
      else {
        const { alignCells } = await import("../../text/table.js");
        io.terminal.out(alignCells(faults.map(({ name, title }) => [name, title])));
      }
    });

  named(lab.command("fault").description("set a fault, or take it away"))
    .argument("<fault>", "its name: hopbook lab faults lists them")
    .argument("<on|off>", "on sets it, off takes it away")
    .action(async (fault: string, switched: string, options: LabOptions) => {
      if (switched !== "on" && switched !== "off") {
        throw new HopbookError("USAGE", `Cannot set fault ${fault}: expected on or off, got ${switched}`);
      }
      const { setFault } = await import("../../api/lab.js");
      await setFault({ name: options.name, fault, on: switched === "on" });
      io.terminal.out(`fault ${fault} is ${switched}\n`);
    });

  program
    .command("demo")
    .description("the main job on a lab of its own: a healthy trace, a fault, the trace again")
    .option("--keep", "leave the lab up")
    .action(async (options: { keep?: boolean }) => {
      const { runDemo } = await import("../demo.js");
      io.setExitCode(await runDemo(io.terminal, { keep: options.keep === true }));
    });
}

function requireTopology(text: string): asserts text is LabTopology {
  if (isLabTopology(text)) return;
  const there = Object.keys(LAB_TOPOLOGIES).join(", ");
  throw new HopbookError("USAGE", `Cannot build a lab of topology ${text}: there is ${there}`);
}

/** An address as it stands before a port. */
function bracket(ip: string): string {
  return ip.includes(":") ? `[${ip}]` : ip;
}
