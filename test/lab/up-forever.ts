import { upLab } from "../../lib/lab/index.js";

/** A program to be killed while it brings a lab up: says "going", then does it. Arguments: name, folder. */
const [name = "", dir = ""] = process.argv.slice(2);
process.stdout.write("going\n");
await upLab({ name, dir, topology: "calico-vxlan" });
await new Promise((resolve) => setTimeout(resolve, 10_000));
