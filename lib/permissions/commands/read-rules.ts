import type { ArgumentRule } from "./argv-rules.js";

/** Further programs that tell of a node's state, and the arguments with which they do nothing else. */

/** A program whose arguments may only be flags like these. */
function flags(pattern: RegExp): ArgumentRule {
  return (args) => {
    const bad = args.find((word) => !pattern.test(word));
    return bad === undefined ? undefined : `${JSON.stringify(bad)} is no way to read`;
  };
}

/** uname(1), uptime(1): they only print. */
export const readsByUname = flags(/^-[asnrvmpio]+$/);
export const readsByUptime = flags(/^-[ps]$/);
/** hostname(1): a name would become the node's, -F reads one from a file. */
export const readsByHostname = flags(/^-[aAdfiIs]$/);
/** lsmod(8). */
export const readsByLsmod = flags(/(?!)/);

/** tc(8): show and list; -b reads commands from a file, exec runs programs. */
export const readsByTc: ArgumentRule = (args) => {
  const start = args.findIndex((word) => !/^-(s|j|d|p|g|r|N|o|statistics|json|details|pretty)$/.test(word));
  const [object = "", verb = "", ...rest] = start < 0 ? [] : args.slice(start);
  if (!/^(qdisc|class|filter|chain)$/.test(object)) return `${JSON.stringify(object)} is nothing to show`;
  if (verb !== "show" && verb !== "list" && verb !== "ls")
    return `${JSON.stringify(verb)} does not only read`;
  const bad = rest.find((word) => !/^[A-Za-z0-9:][A-Za-z0-9:._@-]{0,31}$/.test(word));
  return bad === undefined ? undefined : `${JSON.stringify(bad)} is no way to read`;
};

/** ipset(8): list; -f would write a file. */
export const readsByIpset: ArgumentRule = (args) => {
  const [verb = "", ...rest] = args;
  if (verb !== "list") return `${JSON.stringify(verb)} does not only read`;
  const bad = rest.find(
    (word) => !/^(-[nts]|-terse|-name|-sorted|[A-Za-z0-9_][A-Za-z0-9_:.-]{0,31})$/.test(word),
  );
  return bad === undefined ? undefined : `${JSON.stringify(bad)} is no way to read`;
};

/** ipvsadm(8): list. Every other command of it changes the table. */
export const readsByIpvsadm: ArgumentRule = (args) => {
  const [first = ""] = args;
  if (!/^(-[Ll]n?|--list)$/.test(first)) return `${JSON.stringify(first)} does not only read`;
  return flags(/^(-[nc]|--(numeric|connection|stats|rate|exact|timeout|sort|persistent-conn))$/)(
    args.slice(1),
  );
};
