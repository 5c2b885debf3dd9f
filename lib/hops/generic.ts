import type { HopRecipe } from "./recipe.js";

/**
 * Where no recipe fits: what any Linux node tells of a packet's way. The route to the other end decides whether there is a
 * tunnel, and none is assumed without one.
 */
export const GENERIC: HopRecipe = {
  metadata: {
    name: "generic",
    title: "No recipe: routes, pairs of devices, bridges and tunnels of the kernel",
  },
  detect: { required: [] },
  path: { local: ["pod", "host-veth"], leaving: ["pod", "host-veth", "bridge", "tunnel", "nic"] },
  hostInterface: { methods: ["cni-result", "peer-index", "route"] },
  tunnel: {},
};
