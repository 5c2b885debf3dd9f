#!/usr/bin/env node
// kubectl runs this as `kubectl hopbook …` where it stands on PATH as kubectl-hopbook.
await import("./small-heap.js");
const { main, movePluginFlags } = await import("../dist/bundle/plugin.js");
process.exitCode = await main(movePluginFlags(process.argv.slice(2)));
