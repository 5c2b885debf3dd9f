import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** What oc does beside kubectl, as it was recorded of the real one, which cannot be had here: see ocdebug.ts. */
const FAKE_OC = `#!/bin/sh
[ "$2" = debug ] || [ "$3" = debug ] || exec KUBECTL "$@"
for word; do
  shift
  case $word in
    debug) set -- "$@" debug --container=container-00 --profile=sysadmin --image=IMAGE ;;
    --to-namespace=* | --as-root=*) ;;
    *) set -- "$@" "$word" ;;
  esac
done
pod=$(KUBECTL "$@") || exit 1
pod=$(expr "$pod" : 'Creating debugging pod \\([^ ]*\\)')
trap 'KUBECTL --namespace=NAMESPACE delete pod "$pod" --wait=false >&2; exit 1' TERM INT HUP
echo "Starting pod/$pod ..." >&2
echo "To use host binaries, run \\\`chroot /host\\\`" >&2
sleep 300 & wait
`;

/** Writes the stand-in; its path. */
export function writeFakeOc(
  folder: string,
  { kubectl, image, namespace }: Readonly<Record<"kubectl" | "image" | "namespace", string>>,
): string {
  const file = join(folder, "oc");
  const text = FAKE_OC.replaceAll("KUBECTL", kubectl)
    .replaceAll("IMAGE", image)
    .replaceAll("NAMESPACE", namespace);
  writeFileSync(file, text, { mode: 0o755 });
  return file;
}
