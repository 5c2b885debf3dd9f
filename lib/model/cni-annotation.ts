/**
 * Annotations of nodes and pods in which CNIs say how they work: public API keys by their domains, not names of devices.
 * Others may be long, or hold anything, and are nobody's business here.
 */
export const CNI_ANNOTATION =
  /^(flannel\.alpha\.coreos\.com|projectcalico\.org|k8s\.ovn\.org|network\.cilium\.io|io\.cilium\.network)\//;
