/** ss(8): of one protocol alone it does not print which. */
const STATE =
  /^(?=(?:LISTEN|UNCONN|ESTAB|TIME-WAIT|CLOSE-WAIT|SYN-SENT|SYN-RECV|FIN-WAIT-[12]|LAST-ACK|CLOSING)\s)/gm;

/** What `ss -t` or `ss -u` printed, as `ss -tu` would have; `path` has the command's name. Any other text stays. */
export function readSockets(text: string, path: string): string {
  const [, flags = ""] = /(?:^|\/)ss((?:[_-]+[a-zA-Z0-9]+)*)(?:\.[a-z]+)?$/.exec(path) ?? [];
  const isOf = (letter: string): boolean => new RegExp(`[_-]-[a-z]*${letter}`, "i").test(flags);
  if (isOf("t") === isOf("u") || /^Netid\s/m.test(text)) return text;
  return text.replace(STATE, isOf("t") ? "tcp " : "udp ");
}
