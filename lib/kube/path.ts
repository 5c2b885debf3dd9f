import type { KubeRequest, KubeVerb } from "../model/kube.js";

export const METHODS: Record<KubeVerb, string> = {
  get: "GET",
  list: "GET",
  watch: "GET",
  create: "POST",
  patch: "PATCH",
  update: "PUT",
  delete: "DELETE",
  deletecollection: "DELETE",
};

/** `/api/v1/namespaces/NS/pods/NAME/exec?…`; every part is escaped, so that a hostile name stays one part. */
export function buildPath(request: KubeRequest): string {
  const { group, version, namespace, resource, name, subresource, query = {} } = request;
  const parts = [
    ...(group === "" ? ["api", version] : ["apis", group, version]),
    ...(namespace === undefined ? [] : ["namespaces", namespace]),
    resource,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  const search = new URLSearchParams(query).toString();
  return `/${parts.map(escapePart).join("/")}${search === "" ? "" : `?${search}`}`;
}

function escapePart(part: string): string {
  // A URL parser takes `.` and `..` for steps, escaped or not.
  if (part === "" || /^\.{1,2}$/.test(part)) throw new RangeError(`${JSON.stringify(part)} is no name`);
  return encodeURIComponent(part);
}
