/** Where nodes keep what scripts look for; constant words of POSIX sh. */

/** Programs of k3s, rke2, microk8s and k0s, which are on no login's PATH; sudo's secure_path lacks /usr/local as well. */
export const PROGRAM_FOLDERS = [
  "/usr/local/bin",
  "/usr/local/sbin",
  "/opt/bin",
  "/var/lib/rancher/rke2/bin",
  "/var/lib/rancher/k3s/data/current/bin",
  "/var/lib/k0s/bin",
  "/snap/microk8s/current/bin",
].join(":");

/** containerd's own: of a distribution, of k3s and rke2, of microk8s, of k0s. */
const CONTAINERD = [
  "/run/containerd/containerd.sock",
  "/run/k3s/containerd/containerd.sock",
  "/var/snap/microk8s/common/run/containerd.sock",
  "/run/k0s/containerd.sock",
];

export const CONTAINERD_SOCKETS = CONTAINERD.join(" ");

/** Sockets that speak the CRI. */
export const CRI_SOCKETS = [...CONTAINERD, "/run/crio/crio.sock", "/var/run/cri-dockerd.sock"].join(" ");

/** sh: what `$endpoint` says, else what crictl is set to, else the first socket that is there, for crictl. */
export const CHOOSE_ENDPOINT = `if [ -z "$endpoint" ] && [ -z "$CONTAINER_RUNTIME_ENDPOINT" ] &&
  ! grep -q '^[[:space:]]*runtime-endpoint:[[:space:]]*[^[:space:]]' /etc/crictl.yaml 2>/dev/null; then
  for socket in ${CRI_SOCKETS}; do
    if [ -S "$socket" ]; then endpoint=unix://$socket; break; fi
  done
fi
if [ -n "$endpoint" ]; then CONTAINER_RUNTIME_ENDPOINT=$endpoint; export CONTAINER_RUNTIME_ENDPOINT; fi
`;
