/**
 * Words of networks, of Kubernetes and of hopbook's own files. A pod that is called by one of them is told from the word by
 * where it stands (`shop/client`); the word alone says nothing about anybody, and files would break without it.
 */
const WORDS =
  "aborted access action actions address addresses after against agent all allow allowed always and annotations answer any api app argv arp array at attempt attempts auto " +
  "backend background barrier baseline before blob block blocks boolean bridge broadcast bytes cancel canceled capture captured captures case cases cause caveats chain change check checks " +
  "choice choices cidr clean client clients clock closed cluster cni code column command commands comment complete condition config confidence connect connections connected conntrack const container containers " +
  "context control count create created crictl curl cut data db debug declared default deferred delay delete delivered denial deny description dest destination detail detect dev device digest dir direction " +
  "discovery disk dns done down drop dropped drops dst duplicate duration duplex effect egress empty encap encapsulation end ended endpoint endpoints ends entry enum env environment ephemeral error errors " +
  "established eth ethtool event every evidence example exchange exec exit expect exact extends external facts fail failed false family fdb file files filter finally find findings first flag flags flow flows folder for form " +
  "format forward frame frames from full gateway general get global grants graph grounds group hash head header headers health high hint hop hops host hostevery hosts how http https icmp id if image images in " +
  "incomplete index info ingress input inputs integer interface interfaces internal interrupt interval invalid ip ipv4 ipv6 is items jobs json kernel key keys killed kind kube kubeconfig kubectl kubernetes lab label labels " +
  "last layer lease leaving left leg legacy legs length limit line link links linux list listen local log login logs look loopback lost low mac made main manifest master match matrix max maximum median medium message " +
  "metadata method methods minimum missing mode most ms mtu mutate name named names namespace namespaces nat neighbours net netns netstat network networks never new next nft nftables nic no node nodes none not note notes " +
  "nothing nstat null number object objects of off ok on one only open operator or order origins other out outcome outer output outputs outside overlay packet packets parent pass passed patch path paths pattern payload pcap " +
  "peer permission permissions phase pid piece ping pipe place plain plan pod pods policies policy port ports postgres pre prefix prefixes private privileged probe probes process profile program properties proto protocol proxy public pull " +
  "qdisc query queue rank rate read ready reason received recipe recorded recording reference refused registry rejected rejection related replace reply report request required reset resource resources restricted result retry " +
  "rewrite right rights role roles root route routes router row rows rtt rule rules run runbook runs runtime scan scope script scripts search secret secrets section sections select self send sent seq sequence serve server servers service services set " +
  "settings severity sha256 share shell show signal size skipped sleep snmp socket sockets some source sources src ss ssh stage staging standard start started stat state status stderr stdout step steps stop stopped strategy stream " +
  "string sudo summary svc switch system table target task tcp tcpdump test tests text that the this through time timeline timeout timer title tls to todo token tool tools top trace traffic true truncated ttl tunnel tunnels turn type udp uid " +
  "unanswered unavailable unix unknown unreachable unseen up update uri url use used user uses value values var verb verdict verify version veth via view vlan vni volume wait warn was watch way web what when where with within work worker worn write written yaml yes " +
  // Keys of runbooks that are none of these.
  "allbackends answered apiversion asks audits back best connection connects continueonerror detachedduration dnsname everymethod expression failfast fails followed freeze freezes go goes httppath it itself join kerneldrops longest maxbytes maxduration maxloss maxparallel namepaths onepernode oneway outcomes pernode points resolve ring same says sends servername several sizes slow starts symptoms them themselves tolerated too trigger untillog untilpacket whom";

/** What is the same in every cluster, and every domain name's usual parts. */
const SAME_FOR_ALL =
  "default kube-system kube-public kube-node-lease kubernetes kube-dns coredns kube-proxy kube-apiserver kube-scheduler kube-controller-manager etcd metrics-server node-local-dns " +
  "cluster local localdomain localhost svc pod in-addr ip6 arpa com net org io dev edu gov info biz www internal lan corp intra home test example invalid _tcp _udp _http _https _dns _dns-tcp _ldap _kerberos " +
  "eth0 eth1 lo bond0 any host linux unix none true false null root nobody hopbook hopbook-crictl hopbook-snapshot";

/** Domains of projects: in API groups, annotations and images of everybody. */
const PROJECTS =
  "k8s.io kubernetes.io x-k8s.io hopbook.dev opencontainers.org containerd.io docker.io docker.com quay.io ghcr.io gcr.io openshift.io coreos.com istio.io linkerd.io helm.sh " +
  "cncf.io rfc-editor.org ietf.org tcpdump.org kernel.org iana.org wireshark.org prometheus.io metallb.io github.com amazonaws.com azure.com googleapis.com";

const SETS = {
  words: new Set(WORDS.split(" ")),
  same: new Set(SAME_FOR_ALL.split(" ")),
  projects: PROJECTS.split(" "),
};

export function isWord(text: string): boolean {
  return SETS.words.has(text);
}

/** Whether it is the same in every cluster, so that nothing is hidden by another name. */
export function isSameForAll(text: string): boolean {
  return SETS.same.has(text);
}

/** Whether a domain name is a project's, or lies below one. */
export function isProjectDomain(name: string): boolean {
  return SETS.projects.some((domain) => name === domain || name.endsWith(`.${domain}`));
}
