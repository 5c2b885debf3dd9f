import { buildImages } from "./images.js";
import { buildProgram, buildPrograms } from "./programs.js";
import { downCluster } from "./down.js";
import { requireMachine } from "./require.js";
import { readClusterState } from "./state.js";
import { upCluster } from "./up.js";

/** `build`, `build PROGRAM`, `up`, `down` or `status`: see README.md. */
const say = (text: string): void => void process.stderr.write(`cluster: ${text}\n`);

async function main(command: string | undefined, program?: string): Promise<void> {
  if (command === "build" && program !== undefined) {
    await buildProgram(program, say);
  } else if (command === "build") {
    requireMachine();
    await buildPrograms(say);
    await buildImages(say);
  } else if (command === "up") {
    const state = await upCluster(say);
    say(`up in ${(state.upMs / 1000).toFixed(1)} s`);
    process.stdout.write(
      [
        `export KUBECONFIG=${state.files.kubeconfig}`,
        `# kubectl: ${state.kubectl}`,
        `# hopbook --cluster ${state.files.localProfile} or ${state.files.sshProfile}`,
        `# ssh -F ${state.files.sshConfig} ${state.nodes.map((node) => node.name).join("|")}`,
        "",
      ].join("\n"),
    );
  } else if (command === "down") {
    await downCluster();
  } else if (command === "status") {
    process.stdout.write(`${JSON.stringify(readClusterState(), null, 2)}\n`);
  } else {
    say("usage: build [PROGRAM] | up | down | status");
    process.exitCode = 2;
  }
}

try {
  await main(process.argv[2], process.argv[3]);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
