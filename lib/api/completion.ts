/** What may follow on a command line. */
export {
  nearRunbooks,
  peekInputs,
  rememberPods,
  suggestContexts,
  suggestEnds,
  suggestNamespaces,
  suggestProfiles,
  suggestRunbooks,
  suggestRunFolders,
  suggestSchemas,
  type Candidate,
  type NamedCluster,
  type Surroundings,
} from "../completion/completion.js";
