import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { assertValid, invalid, readDocument } from "../document/index.js";
import { unreadable } from "../files/failure.js";
import { ROLE_RANKS, type HopRole } from "../model/roles.js";
import type { LinkLook } from "./link-look.js";
import { listLinkKinds } from "../wire/registry.js";

/** Places whose devices are found whatever the CNI. */
export type KnownRole = "pod" | "host-veth" | "bridge" | "tunnel" | "nic";

/** A place of the host whose device the recipe tells how to find. */
export interface RecipeDevice {
  readonly role: HopRole;
  /** How far from the pod it is. Absent: the role's own rank. */
  readonly rank?: number;
  readonly device: LinkLook;
}

export type RecipeHop = KnownRole | RecipeDevice;
export type HostInterfaceMethod = "cni-result" | "peer-index" | "route";

/** A piece of evidence on a node: a device or a route with all of these properties, or any of several pieces. */
export interface RecipeEvidence {
  readonly link?: LinkLook;
  readonly route?: { readonly protocol?: string; readonly type?: string; readonly device?: string };
  readonly anyOf?: readonly RecipeEvidence[];
}

/** What a place surely shows of a flow, where that is not all of it: what leaves the pod, or nothing. */
type Sees = "outgoing" | "nothing";

interface RecipeTunnel {
  /** Absent: any tunnel that can be read, where the route goes through it. */
  readonly kind?: string;
  readonly names?: readonly string[];
  readonly namePrefixes?: readonly string[];
  /** UDP port of one that no device stands for: a switch in user space puts packets into it. */
  readonly port?: number;
  /** Devices into which routes lead in its place: what is behind them (eBPF, Open vSwitch) puts packets into it. */
  readonly through?: readonly string[];
}

export interface RecipeNaming {
  /** Of several any. */
  readonly prefix: string | readonly string[];
  readonly hash: "sha1" | "sha256";
  readonly hexDigits: number;
}

/** schemas/hop-recipe.json: all that is known of one CNI. */
export interface HopRecipe {
  readonly metadata: { readonly name: string; readonly title: string; readonly description?: string };
  readonly detect: {
    readonly required: readonly RecipeEvidence[];
    readonly supporting?: readonly RecipeEvidence[];
    /** Name of a CniEvidence, and what it says where this recipe is the right one. */
    readonly api?: {
      readonly cni: string;
      readonly facts?: Readonly<Record<string, readonly string[]>>;
    };
  };
  readonly path: {
    readonly local: readonly RecipeHop[];
    readonly leaving: readonly RecipeHop[];
    /** To what is no node and no pod; absent: as `leaving`. */
    readonly outside?: readonly RecipeHop[];
    /** Where packets without a tunnel come in. Absent: by the interface of the node's own address. */
    readonly arriving?: "reply-route";
  };
  /** The device that encrypts what leaves for other nodes, tunnel and all, wherever routes lead; where a node has it. */
  readonly sealedBy?: LinkLook;
  /** By role. */
  readonly sees?: Readonly<Record<string, Sees>>;
  /** Where it is described. */
  readonly source?: string;
  readonly verified?: "lab" | "cluster" | "recorded" | "no";
  readonly hostInterface: {
    readonly methods: readonly HostInterfaceMethod[];
    readonly naming?: RecipeNaming;
    /** Devices between the host's own network and its pods, where that is not the pod's host side; the first that is there. */
    readonly entry?: readonly string[];
  };
  readonly tunnel?: RecipeTunnel;
  /** Something takes packets past the node's own tables; `port`: what its databases call the port of a {pod} of a {namespace}. */
  readonly switch?: { readonly port?: string };
}

/**
 * The hop recipes (*.yaml) of folders, by name; of two with one name the later folder's is taken. Throws
 * FILE_UNREADABLE or DOCUMENT_INVALID.
 */
export async function loadRecipes(folders: string | readonly string[]): Promise<HopRecipe[]> {
  const byName = new Map<string, HopRecipe>();
  for (const folder of typeof folders === "string" ? [folders] : folders) {
    for (const file of await listRecipes(folder)) {
      const doc = await readDocument(join(folder, file));
      const recipe = assertValid<HopRecipe>(doc, "hop-recipe");
      if (recipe.path.leaving.includes("tunnel") && recipe.tunnel === undefined) {
        const message = "the path goes through a tunnel, and nothing says what it is: add the key tunnel";
        throw invalid(doc, [{ path: ["path", "leaving"], message }]);
      }
      for (const way of ["local", "leaving", "outside"] as const) {
        const bare = recipe.path[way]?.findIndex(needsRank) ?? -1;
        if (bare < 0) continue;
        const message = `nothing says where it stands: add its rank, or take one of ${Object.keys(ROLE_RANKS).join(", ")}`;
        throw invalid(doc, [{ path: ["path", way, bare], message }]);
      }
      const { kind } = recipe.tunnel ?? {};
      if (kind !== undefined && !listLinkKinds().includes(kind)) {
        const message = `no tunnel of this kind can be read; those that can: ${listLinkKinds().join(", ")}`;
        throw invalid(doc, [{ path: ["tunnel", "kind"], message }]);
      }
      byName.set(recipe.metadata.name, recipe);
    }
  }
  return [...byName.values()];
}

function needsRank(hop: RecipeHop): boolean {
  return typeof hop === "object" && hop.rank === undefined && !Object.hasOwn(ROLE_RANKS, hop.role);
}

async function listRecipes(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(".yaml")).sort();
  } catch (error) {
    throw unreadable(folder, error, { what: "the folder of hop recipes" });
  }
}
