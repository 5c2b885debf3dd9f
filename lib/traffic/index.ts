export { parseProbe, type ProbeResult } from "./parse.js";
export { planProbe, PROBE_SCRIPTS, type ProbePlan } from "./plan.js";
export type { DnsQuery, ProbeOptions } from "./check.js";
export { readLookups, type DnsAsk } from "./dns/asks.js";
export { judgeDns } from "./dns/judge.js";
export type { DnsServer, DnsVerdict } from "./dns/verdict.js";
export { parseResolvConf, searchWalk, type ResolverConfig } from "./dns/resolv-conf.js";
export { resolverArgv } from "./dns/resolver-script.js";
export { sayAsk, walkOf } from "./dns/walk.js";
