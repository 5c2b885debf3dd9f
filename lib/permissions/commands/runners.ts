/**
 * What can run another program, or text as a program. No pattern of words can say what such a command does, so it
 * counts as a shell, whatever it is used for. The list can never be whole, which docs/permissions.md says.
 */

const PROGRAM_DIR = /^(\/usr)?(\/local)?\/s?bin\//;

/** The program's name without its folder. */
export function nameOfProgram(word: string): string {
  return word.slice(word.lastIndexOf("/") + 1);
}

/** A program that lies where the system keeps its programs, without that folder; else the word as it is. */
export function withoutProgramDir(word: string): string {
  return word.replace(PROGRAM_DIR, "");
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== "");

/** They run what they are given, or bring a language of their own. A version may follow the name: python3.11. */
const RUNNERS = new Set(
  words(`
  sh bash dash ash zsh ksh mksh csh tcsh fish rbash elvish xonsh nu pwsh busybox toybox
  python pypy perl ruby node nodejs deno bun php lua luajit tcl tclsh wish expect guile scheme gawk mawk nawk awk
  R Rscript julia java jshell groovy scala erl escript elixir iex ghci runghc ocaml swipl gdb lldb jq-exec
  m4 make gmake cmake ninja gcc cc g++ c++ clang tcc go cargo rustc ld ed ex vi vim vim.tiny nvim view nano emacs pico
  less more most man info lesspipe watch script scriptreplay screen tmux byobu parallel xargs env
  nsenter unshare chroot setns runuser su doas pkexec sg newgrp capsh setpriv systemd-run systemd-nspawn machinectl
  setarch linux32 linux64 i386 x86_64 uname26 firejail bwrap runcon start-stop-daemon run-parts daemonize
  at batch crontab anacron flock fakeroot eatmydata strace ltrace perf bpftrace stap ftrace trace-cmd valgrind time
  ssh slogin scp sftp rsync rsh rlogin telnet ftp lftp mosh socat nc ncat netcat nc.openbsd nc.traditional
  docker podman nerdctl buildah ctr runc crun kata-runtime lxc lxc-attach lxc-exec incus virsh vagrant
  kubectl oc helm k3s k0s microk8s rke2 ansible ansible-playbook salt-call puppet chef-client terraform
  apt apt-get dpkg aptitude rpm yum dnf microdnf zypper apk pacman snap flatpak pip pip3 npm npx gem cpan
  git svn hg cvs modprobe insmod rmmod depmod kexec udevadm mount umount mount.fuse fusermount losetup
  logrotate procmail sendmail mail mailx mutt openvpn pppd dhclient dhcpcd ifup ifdown wg-quick nmap tshark
  mysql psql sqlite3 mongo mongosh redis-cli tclsh ipython vtysh chpst sudoedit visudo vipw vigr chsh dialog
  tar bsdtar gtar star zip unzip sed gsed wget cpio pax
  stdbuf taskset chrt prlimit choom uclampset coresched numactl cgexec cpulimit softlimit hugectl run0
  systemd-inhibit systemd-cat systemd-notify systemd-socket-activate dbus-run-session dbus-launch ssh-agent sshpass
  autossh xvfb-run gosu su-exec sudo-rs dumb-init tini catatonit s6-setuidgid s6-envdir s6-softlimit execlineb
  setuidgid envuidgid envdir setlock pgrphack tcpserver inetd xinetd unbuffer rlwrap dtach abduco ttyd asciinema
  proxychains proxychains4 tsocks torsocks torify trickle faketime catchsegv gdbserver rr heaptrack uftrace
  chronic ifne mispipe lckdo run-one timelimit entr watchexec iptables-apply ip6tables-apply etcdctl consul
  setpgid posh yash oksh hush ion osh ysh powershell csi fsharpi mono dotnet
  lksh sash bsh pdksh slsh rc es scsh k9s crio conmon wasmtime`),
);

/** Words with which a program that else is harmless runs another one, or reads commands that no pattern sees. */
const RUNNING_WORDS: readonly (readonly [RegExp, RegExp])[] = [
  [/^find$/, /^-(exec|ok|fprint|fls|files0-from)/],
  [/^crictl$/, /^(exec|attach|run|create|start|port-forward|checkpoint|--?c)/],
  // iproute2 takes any beginning of a word for the word.
  [/^(ip|tc|bridge|rdma|devlink|dcb)$/, /^(e|ex|exe|exec|--?b(a(t(ch?)?)?)?)$/],
  [/^sort$/, /^--co/],
  [/^split$/, /^--f/],
  [/^install$/, /^--str/],
  [/^curl$/, /^(-[A-Za-z0-9#]*K|--conf)/],
  [/^tcpdump$/, /^(-[A-Za-z]*z|--post)/],
  [/^nft$/, /^(-[A-Za-z]*[fiDI]|--[fid])/],
  [/^((ip6?|eb|arp)tables|xtables)/, /^(-[A-Za-z]*M|--mo)/],
  [/^sysctl$/, /core_pattern|modprobe|hotplug|poweroff_cmd|uevent_helper|^(-[A-Za-z]*[pf]|--[ls])/],
  [
    /^systemctl$/,
    /^(edit|link|.*-environment|revert|(re)?enable|preset|switch-root|bind|mount-image|-[A-Za-z]*[HM]|--(ho|ma|ro|im))/,
  ],
  // any beginning of a word, too
  [/^bpftool$/, /^b(a(t(ch?)?)?)?$/],
];

const NEVER = /(?!)/;

/** Wrappers whose command line is plain enough to see what they run. The options that take a word of their own. */
const WRAPPERS: Readonly<
  Record<string, { readonly flags: RegExp; readonly valued: RegExp; readonly own: number }>
> = {
  nice: { flags: /^(-[0-9]+|-n-?[0-9]+)$/, valued: /^-n$/, own: 0 },
  ionice: { flags: /^-(c[0-3]|n[0-7]|t)$/, valued: /^-[cn]$/, own: 0 },
  nohup: { flags: NEVER, valued: NEVER, own: 0 },
  setsid: { flags: /^-[wf]$/, valued: NEVER, own: 0 },
  timeout: {
    flags: /^(--foreground|--preserve-status|-v|--verbose|-[sk][A-Za-z0-9.]+|--(signal|kill-after)=.+)$/,
    valued: /^-[sk]$/,
    own: 1,
  },
  sudo: { flags: /^-n$/, valued: NEVER, own: 0 },
  busybox: { flags: NEVER, valued: NEVER, own: 0 },
  env: { flags: /^(LANG|LC_[A-Z]+|TZ)=[A-Za-z0-9_./+-]*$/, valued: NEVER, own: 0 },
};

/** The command within a wrapper; undefined where there is none, or where its options are not plain. */
function unwrapOnce(argv: readonly string[]): readonly string[] | undefined {
  const [program = "", ...rest] = argv;
  const name = nameOfProgram(program);
  const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (wrapper === undefined) return undefined;
  let at = 0;
  for (let word = rest[at]; word !== undefined; word = rest[at]) {
    if (wrapper.valued.test(word)) at += 2;
    else if (wrapper.flags.test(word)) at += 1;
    else break;
  }
  if (rest[at] === "--") at += 1;
  const inner = rest.slice(at + wrapper.own);
  return inner.length === 0 || (inner[0] ?? "-").startsWith("-") || rest[at]?.startsWith("-") === true
    ? undefined
    : inner;
}

/** The command within `nsenter --net=PATH [--]`; undefined where the command is no such. */
export function stripNetns(argv: readonly string[]): readonly string[] | undefined {
  if (withoutProgramDir(argv[0] ?? "") !== "nsenter") return undefined;
  const path = /^--net=(\/.*)$/s.exec(argv[1] ?? "")?.[1];
  if (path === undefined || path.split("/").includes("..")) return undefined;
  const inner = argv[2] === "--" ? argv.slice(3) : argv.slice(2);
  return inner.length === 0 || (inner[0] ?? "-").startsWith("-") ? undefined : inner;
}

/**
 * The command as it stands, and each command that is plainly within it, outermost first: what `timeout 5 ip link`
 * runs is also `ip link`. Each also with its program's bare name.
 */
export function layersOf(argv: readonly string[]): readonly (readonly string[])[] {
  const layers: (readonly string[])[] = [];
  for (let inner: readonly string[] | undefined = argv; inner !== undefined && layers.length < 16;) {
    layers.push(inner);
    inner = stripNetns(inner) ?? unwrapOnce(inner);
  }
  return layers;
}

/** Why a command counts as a shell; undefined where it is a plain command. */
export function findRunner(argv: readonly string[]): string | undefined {
  const layers = layersOf(argv);
  if (layers.length >= 16) return "it is wrapped too often to see what it runs";
  for (const [index, layer] of layers.entries()) {
    const isWrapper = index < layers.length - 1;
    const reason = isWrapper ? undefined : findRunnerAlone(layer);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function findRunnerAlone(argv: readonly string[]): string | undefined {
  const [program = "", ...args] = argv;
  const name = nameOfProgram(program);
  if (name === "" || name === "." || name === "..") return "it names no program";
  if (program.includes("/") && (!program.startsWith("/") || program.split("/").includes("..")))
    return `${JSON.stringify(program)} is a program by a relative path`;
  if (program.includes("=") || program.startsWith("-"))
    return `${JSON.stringify(program)} is no plain program`;
  const bare = name.replace(/[-.]?[0-9][0-9.]*$/, "");
  // busybox.static, bash-static, python3-dbg
  const stem = name.replace(/[-.0-9].*$/s, "");
  const isLoader = /^ld(-[A-Za-z0-9_-]+)?\.so/.test(name);
  if (isLoader || [name, bare, stem].some((form) => RUNNERS.has(form)) || Object.hasOwn(WRAPPERS, name))
    return `${name} can run any program`;
  const running = RUNNING_WORDS.find(([programs]) => programs.test(name))?.[1];
  const word = running === undefined ? undefined : args.find((arg) => running.test(arg));
  return word === undefined ? undefined : `${name} with ${JSON.stringify(word)} can run any program`;
}

/** Programs that capture: they have limits, filters and a lease only as steps of their own. */
const CAPTURERS = new Set([
  "tcpdump",
  "tshark",
  "dumpcap",
  "wireshark",
  "ngrep",
  "tcpflow",
  "netsniff-ng",
  "snoop",
]);

/** Programs that are there to make traffic; refusing all traffic refuses them too. */
const TRAFFIC_MAKERS = new Set(
  words(`ping ping6 fping arping traceroute traceroute6 tracepath mtr curl wget hping3 nping iperf iperf3 netperf
  dig host nslookup drill tcpreplay mausezahn trafgen`),
);

export function findCapturer(argv: readonly string[]): string | undefined {
  return layersOf(argv)
    .map(([program = ""]) => nameOfProgram(program))
    .find((name) => CAPTURERS.has(name));
}

export function findTrafficMaker(argv: readonly string[]): string | undefined {
  return layersOf(argv)
    .map(([program = ""]) => nameOfProgram(program))
    .find((name) => TRAFFIC_MAKERS.has(name));
}
