import { GENERIC, type HopRecipe } from "../hops/index.js";
import { code, HEAD, prose, table } from "./markdown.js";

const VERIFIED: Readonly<Record<NonNullable<HopRecipe["verified"]>, string>> = {
  lab: "in the lab",
  cluster: "in a cluster",
  recorded: "by recorded output",
  no: "no: by its documentation",
};

/** Lines between which README.md's table stands. */
const [BEGIN, END] = ["<!-- cnis: written by npm run docs -->", "<!-- /cnis -->"];

/** README.md with the table of recipes as they are. Throws where the table's place is not there: a defect of README.md. */
export function readmeWithCnis(readme: string, recipes: readonly HopRecipe[]): string {
  const [start, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`README.md lacks ${BEGIN} or ${END}`);
  const rows = recipes.map((recipe) => [
    prose(recipe.metadata.title),
    hopsOf(recipe.path.leaving),
    VERIFIED[recipe.verified ?? "no"],
  ]);
  const lines = table(["CNI", "hops out of a node", "verified"], [...rows, ...WITHOUT_RECIPE]);
  return [readme.slice(0, start) + BEGIN, "", ...lines, readme.slice(end)].join("\n");
}

/** What needs none. */
const WITHOUT_RECIPE: readonly (readonly string[])[] = [
  ["Pods in the node's network namespace", "nic", VERIFIED.recorded],
  ["macvlan and ipvlan: no interface on the host, which is said", "pod, nic", VERIFIED.no],
  ["SR-IOV and other devices moved into a pod: nothing on the host, which is said", "pod", VERIFIED.no],
  [
    "Any other, plain Docker among them, by what the kernel tells",
    hopsOf(GENERIC.path.leaving),
    VERIFIED.lab,
  ],
];

/** docs/cnis.md: every recipe for those who want to know what it goes by. */
export function cnisPage(recipes: readonly HopRecipe[]): string {
  return [HEAD, "", "# CNIs", "", ...INTRODUCTION, ...recipes.flatMap(describeRecipe)].join("\n");
}

const INTRODUCTION = [
  "How each CNI is recognised, and which hops its packets take, as `runbooks/cni/*.yaml` say. A recipe of your own lies in the",
  "folder `cni` beside a cluster's profile ([example](examples/cni/pigeon.yaml)); its keys are in `schemas/hop-recipe.json`, and",
  "`hopbook check` holds it against them. All of the required evidence has to be there on a node. Of several recipes the one is",
  "taken whose tunnel the nodes' routes to the other end lead into, or avoid; then the one with the most evidence. `cni` in a",
  "profile names one.",
  "",
  "Where none fits, or several fit alike and the API does not decide, the hops are what routes, pairs of devices, bridges and",
  "tunnels tell, and it is noted.",
  "",
];

function describeRecipe(recipe: HopRecipe): string[] {
  const { metadata, detect, path, tunnel, source, verified, sealedBy, sees = {} } = recipe;
  const unsure = Object.entries(sees).map(
    ([role, what]) => `${role} (${what === "outgoing" ? "what comes to the pod" : "both directions"})`,
  );
  const facts: readonly (readonly [string, string])[] = [
    ["required", detect.required.map(sayEvidence).join("; ")],
    ["besides", (detect.supporting ?? []).map(sayEvidence).join("; ")],
    ["within a node", hopsOf(path.local)],
    ["out of the node", hopsOf(path.leaving)],
    ["out of the cluster", path.outside === undefined ? "" : hopsOf(path.outside)],
    ["may pass unseen", unsure.join(", ")],
    ["tunnel", tunnel?.kind ?? ""],
    ["encrypted by", sealedBy === undefined ? "" : sayEvidence({ link: sealedBy })],
    ["source", source ?? ""],
    ["verified", VERIFIED[verified ?? "no"]],
  ];
  return [
    `## ${metadata.name}`,
    "",
    `${prose(metadata.title)}. ${prose((metadata.description ?? "").trim())}`,
    "",
    ...table(
      ["", ""],
      facts.filter(([, said]) => said !== "").map(([name, said]) => [name, said]),
    ),
  ];
}

function hopsOf(hops: HopRecipe["path"]["leaving"]): string {
  return hops.map((hop) => (typeof hop === "string" ? hop : (hop.device.name ?? hop.role))).join(", ");
}

function sayEvidence({ link, route, anyOf }: HopRecipe["detect"]["required"][number]): string {
  if (anyOf !== undefined) return anyOf.map(sayEvidence).join(" or ");
  const [what, properties] = link === undefined ? ["route", route ?? {}] : ["device", link];
  const said = Object.entries(properties).map(
    ([key, value]) => `${WORDS[key] ?? key} ${code(String(value))}`,
  );
  return `${what} ${said.join(", ")}`;
}

const WORDS: Readonly<Record<string, string>> = {
  ...{ name: "named", namePrefix: "named as", aliasPrefix: "with the alias", kind: "of kind" },
  ...{ vni: "with VNI", port: "with port", protocol: "by", type: "of type", device: "into" },
};
