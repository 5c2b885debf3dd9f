import { CNI_DIR, RUN_DIR, WORK_DIR } from "./spec.js";

/** First on PATH in the image's file system. */
export const WRAPPER_DIR = `${RUN_DIR}/hopbook/bin`;

/** Every program that hopbook's own steps start, and what runbooks may read with. */
export const PLACE_PROGRAMS = [
  "sh",
  "bash",
  "env",
  "nsenter",
  "tcpdump",
  "timeout",
  "ip",
  "bridge",
  "ss",
  "tc",
  "nstat",
  "ping",
  "curl",
  "nc",
  "ethtool",
  "conntrack",
  "nft",
  "iptables-save",
  "ip6tables-save",
  "iptables-legacy-save",
  "ip6tables-legacy-save",
  "iptables-nft-save",
  "ip6tables-nft-save",
  "ipset",
  "ipvsadm",
  "sysctl",
  "lsmod",
  "crictl",
  "ctr",
  "docker",
  "podman",
  "nerdctl",
  "chronyc",
  "systemctl",
  "journalctl",
  "ovs-vsctl",
  "ovs-ofctl",
  "ovs-appctl",
] as const;

/**
 * $@: programs. Prints `image NAME` and `node NAME PATH` for what is there, `enter WHY` (empty: it can be entered), `end`.
 * The node's files are seen through its first process; a link of theirs would be followed among the image's.
 */
export const PROBE_SCRIPT = `
for tool; do
  command -v "$tool" >/dev/null 2>&1 && echo "image $tool"
  for dir in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin /opt/bin /var/lib/rancher/rke2/bin; do
    file=/proc/1/root$dir/$tool
    if [ -L "$file" ] || { [ -f "$file" ] && [ -x "$file" ]; }; then echo "node $tool $dir/$tool"; break; fi
  done
done
why=$(nsenter -t 1 -m -u -i -n -- true 2>&1) && why=
[ -z "$why" ] && { [ -d /proc/1/root/proc ] || why='its files cannot be seen through /proc/1/root'; }
printf 'enter %s\\n' "$(printf '%s' "$why" | tr -c '[:print:]' ' ')"
echo end
`;

/**
 * $@: paths of programs of the node that are to be found in the image as well. They run among the node's files, in the network
 * namespace of whoever calls them. What of the node's files steps look at by their path is linked to; a trace file
 * system is mounted in this container alone. Of a root file system that is read-only three folders are made writable,
 * in this container alone as well: each by a mount of its own, over the nearest folder that the image has.
 */
export const SETUP_SCRIPT = `
writable() {
  mkdir -p "$1/hopbook-try" 2>/dev/null && rmdir "$1/hopbook-try" && return
  at=$1
  while [ -n "$at" ] && [ ! -d "$at" ]; do at=\${at%/*}; done
  [ -z "$at" ] || mount --bind "$at" "$at" || exit 1
  mount -o remount,rw,bind "\${at:-/}" && mkdir -p "$1" || exit 1
}
link() {
  for entry in /proc/1/root$1/*; do
    [ -e "$entry" ] || [ -L "$entry" ] || continue
    name=\${entry##*/}
    [ -e "$1/$name" ] || [ -L "$1/$name" ] || ln -s "$entry" "$1/$name" || exit 1
  done
}
writable ${RUN_DIR}
writable ${CNI_DIR}
writable ${WORK_DIR}
mkdir -p ${WRAPPER_DIR} || exit 1
link ${RUN_DIR}
link ${CNI_DIR}
# Runtimes and CNIs name network namespaces by the old path as well, which an image of few files lacks.
[ -e /var/run ] || ln -s ${RUN_DIR} /var/run 2>/dev/null
for path; do
  wrapper=${WRAPPER_DIR}/\${path##*/}
  printf '#!/bin/sh\\nexec nsenter -t 1 -m -- %s "$@"\\n' "$path" >$wrapper && chmod 755 $wrapper || exit 1
done
[ -d /sys/kernel/tracing/instances ] || mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
exit 0
`;
