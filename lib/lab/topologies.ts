/** The clusters that the lab can build, and what each is, for people. */
export const LAB_TOPOLOGIES = { "calico-vxlan": "Calico with VXLAN" } as const;

export type LabTopology = keyof typeof LAB_TOPOLOGIES;

export const DEFAULT_TOPOLOGY: LabTopology = "calico-vxlan";
