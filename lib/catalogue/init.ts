import { lstat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { makeFolder } from "../artifacts/make-folder.js";
import { unwritable } from "../files/failure.js";

/** A start, every line of which may be deleted: what is not a comment is valid as it stands. */
const FILES: Readonly<Record<string, string>> = {
  "hopbook.yaml": `# A cluster as hopbook sees it. hopbook takes ./hopbook.yaml by itself, another one with --cluster.
# Paths in here are relative to this file. Check it with: hopbook check hopbook.yaml
apiVersion: hopbook.dev/v1
kind: ClusterProfile
metadata:
  name: my-cluster

# Every node that may take part in a path.
nodes:
  - name: node-a
    address: 10.0.0.11
  - name: node-b
    address: 10.0.0.12

# How to log in to them; a node's own "access" is laid over this. Your ssh_config, agent and known_hosts apply.
access:
  via: ssh
  user: core
  sudo: true
  # sshConfig: ./ssh_config
  # proxyJump: core@bastion.example

# The interface between the nodes, where discovery cannot tell.
# interfaces:
#   underlay: ens4

# What is laid over runbooks on this cluster, in this order: "hopbook show NAME --resolved" shows what comes of it.
overlays:
  - path: ./overlays/example.yaml
  # - target: {runbooks: [trace-path]}
  #   patch:
  #     inputs:
  #       watch: {default: 20s}

# What runbooks are granted here without being asked for, as far as they declare it. Denials win.
# grants:
#   - runbooks: [trace-path]
#     allow:
#       exec: [node/read, runtime/*]
#     deny:
#       capture: [full]

# Runbooks in ./runbooks and hop recipes in ./cni stand in front of those that come with hopbook.
`,
  "overlays/example.yaml": `# What is laid over runbooks, by three rules: mappings are merged key by key; the lists steps, checks and finally are
# merged item by item, by id; everything else takes the place of what was there. null deletes a key.
apiVersion: hopbook.dev/v1
kind: RunbookOverlay
metadata:
  description: An example to start from; it only adds a label.
target:
  runbooks: [trace-path] # names; * stands for any letters
patch:
  metadata:
    labels:
      cluster: my-cluster
  # inputs:
  #   watch: {default: 20s} # another default
  # steps:
  #   - {id: drops, $patch: delete} # a step less
  #   - {id: look, $before: capture, run: [ip, -s, link], on: node/node-a} # a step more
`,
  "runbooks/README.md": `# Runbooks of this cluster

Every NAME.yaml in here is run by its name: \`hopbook run NAME\`. One with the name of a runbook that comes with hopbook
stands in front of it, and can extend it:

\`\`\`yaml
apiVersion: hopbook.dev/v1
kind: Runbook
extends: trace-path
metadata:
  name: trace-path
  title: Trace a path, as we do it here
\`\`\`

A script belongs into this folder or below it, beside the runbook that names it.
`,
};

export interface InitReport {
  readonly dir: string;
  /** Relative to it. */
  readonly files: readonly string[];
}

/**
 * Writes a commented start into a folder: a cluster profile, an overlay, a place for runbooks. Nothing that is there is
 * overwritten: where one of the files is, none is written. Throws ARTIFACTS_UNWRITABLE.
 */
export async function initFolder(dir: string): Promise<InitReport> {
  const root = resolve(dir);
  const written: string[] = [];
  for (const name of Object.keys(FILES)) await refuseExisting(join(root, name));
  for (const [name, text] of Object.entries(FILES)) {
    const file = join(root, name);
    try {
      makeFolder(dirname(file), 0o777);
      // wx: what has come into being since the look is not overwritten either.
      await writeFile(file, text, { flag: "wx" });
    } catch (error) {
      throw unwritable(file, error, ELSEWHERE);
    }
    written.push(name);
  }
  return { dir: root, files: written };
}

async function refuseExisting(file: string): Promise<void> {
  const info = await lstat(file).catch(() => null);
  if (info !== null) throw unwritable(file, "it is there already, and nothing is overwritten", ELSEWHERE);
}

const ELSEWHERE = { elsewhere: "another folder, or move the file away" };
