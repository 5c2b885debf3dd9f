import { ACTIONS } from "./commands/actions.js";
import { commandsOf } from "./commands/describe-action.js";
import { SCOPES, SCOPE_DESCRIPTIONS } from "./scopes.js";

interface PermissionReference {
  readonly scopes: readonly {
    readonly name: string;
    readonly allow: string;
    readonly deny: string;
    /** Behind "grant" and "refuse". */
    readonly text: string;
    /** A flag as it is typed. */
    readonly example: string;
  }[];
  readonly actions: readonly {
    readonly name: string;
    readonly summary: string;
    /** The scope that has to be granted beside it, or whose patterns decide. */
    readonly needs: string | null;
    readonly entersNetns: boolean;
    readonly commands: readonly string[];
  }[];
  /** How they are read, one rule each. */
  readonly rules: readonly string[];
  /** What permissions cannot stop. */
  readonly limits: readonly string[];
}

/** All that docs/permissions.md is generated from. */
export const PERMISSION_REFERENCE: PermissionReference = {
  scopes: SCOPES.map((name) => {
    const { value, text, example } = SCOPE_DESCRIPTIONS[name];
    const behind = value === "" ? "" : `[=${value.replace(/[[\]<>]/g, "")}]`;
    const typed = example === "" ? `--allow-${name}` : `--allow-${name}=${example}`;
    return {
      name,
      allow: `--allow-${name}${behind}`,
      deny: `--deny-${name}${behind}`,
      text,
      example: /[*\s]/.test(typed) ? `'${typed}'` : typed,
    };
  }),
  actions: Object.entries(ACTIONS).map(([name, rule]) => ({
    name,
    summary: rule.summary,
    needs: rule.scope ?? rule.needs ?? null,
    entersNetns: rule.entersNetns,
    commands: commandsOf(name),
  })),
  rules: [
    "A command of permissions.mutate is compared word by word: each to the letter, * for one word that is not empty and does not begin with a dash, ** at the end for any more. Within a pod's network namespace the command behind nsenter --net=PATH is compared.",
    "A command that is no named action runs as node/mutate where it is a plain command, and as node/shell where it is a shell, an interpreter or anything else that can run another program (env, xargs, find -exec, ssh, sudo with options, kubectl, tar, sed, mount and the like). No pattern of permissions.mutate covers a shell, and none covers tcpdump: captures are steps.",
    "A denial holds for every action that a command fits, whatever the action is called under which it would run, as node/mutate or behind a wrapper too. netns/read reads a pod's namespace: the node's own is node/read, also where it is entered by nsenter.",
    "Refusing all changes, all captures or all traffic (--deny-mutate, --deny-capture, --deny-traffic alone) refuses shells too.",
    "What is denied of the Kubernetes API is denied to every command, not to runs alone: plan, hops, doctor, reap, runs, status, collect and stop ask for it no more. A way in through the API, such as a debug pod, is node's: --deny-node refuses it.",
    "Of commands, paths, hosts, variables and requests a grant that is narrower than the declaration is an answer: the rest is refused when it is wanted, and where that is plain beforehand the run does not start.",
    "Paths are compared after their links are followed; a path with .. in it, and whatever lies in /proc, /sys or /dev, is never granted. A comma within a path is written twice.",
    "A permission profile (-P FILE, or -P NAME for NAME.yaml in $XDG_CONFIG_HOME/hopbook/permissions) has blocks allow and deny in the words of the flags: a list, or true for all. It is refused where it lies in a folder that the runbook or a part of it comes from, where it is no regular file, where group or others may write it, and where it belongs to another user.",
    "The grants of a cluster profile hold under the same conditions; where they do not, only what it denies holds, and the question says so. A ./hopbook.yaml that was not named with --cluster, and a profile that only a plan file names, may be anybody's: it grants nothing but to runbooks that come with hopbook, with nothing laid over them. Nor is its own kubeconfig used, or the kubectl or oc that it names: they would run on this machine, or be given credentials; and the question says which image of it would enter nodes.",
    "runbooks: of a permission profile, and of a grant of a cluster profile, says for which runbooks it is. A name grants to the runbook that comes with hopbook alone: a file of your own calls itself what it likes, so it is meant by its path (./fix-nic.yaml, relative to the profile; you alone may be able to write it, what lies beside it and the folders above) or by its digest (sha256:…, as sha256sum prints it; one more for each file that it extends and each module of its scripts). Where a name alone fits, the question and the refusal say so and print the path and digest to add. A denial by name holds for everything that calls itself so.",
    "Every declared thing is asked for before the first step: y grants the group, all grants it and what follows, details shows the commands, and n, an empty line or the end of input is a no to all: exit code 4, no node was touched. Ctrl-C is exit code 130.",
    "A secret input is given by --NAME-file PATH (- is stdin) or --NAME-env VARIABLE. A command that would show its value, plain or encoded, is refused.",
  ],
  limits: [
    "A root shell on a node is root. Once permissions.shell is declared and granted, nothing here holds on that node: a shell can change, capture and send whatever it likes, and hide it.",
    "A pattern of permissions.mutate is as good as its stars. A command that may write any file (cp, tee, dd, curl -o) can write one that something else runs; such a pattern is a shell in all but name.",
    "The list of programs that count as a shell cannot be whole: a program of your own that runs others is not in it. Read the patterns that you grant.",
    "A denial of a command sees it behind env, timeout, nice, sudo and nsenter, and not within the text that is given to a shell. That is why refusing all changes, all captures or all traffic refuses shells too.",
    "What a node reads is trusted to be the node's: a program on a node that was replaced does what it likes when it is run under an allowed name.",
    "Permissions of hosts go by name: a name that resolves to another address tomorrow is still the granted name.",
    "Reading is not harmless: firewall rules, connections and packets tell of others. Grant captures with headers only where whole packets are not needed.",
    "Permissions bind the run, not the account: whoever can type hopbook can also type ssh.",
  ],
};
