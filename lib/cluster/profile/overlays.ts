import { dirname, resolve } from "node:path";
import {
  invalid,
  makeOverlay,
  readOverlay,
  readReferred,
  type Overlay,
  type SourceDocument,
} from "../../document/index.js";
import type { HopbookError } from "../../errors.js";

interface EntryData {
  readonly path?: string;
  readonly target?: { readonly runbooks: readonly string[] };
  readonly patch?: object;
}

/**
 * The overlays of a profile that its schema let pass, in order; files are read. Throws DOCUMENT_INVALID, or
 * FILE_UNREADABLE at the profile's line that names the file.
 */
export async function readOverlays(profile: SourceDocument): Promise<readonly Overlay[]> {
  const { overlays: entries = [] } = profile.data as { overlays?: readonly EntryData[] };
  const overlays: Overlay[] = [];
  for (const [index, { path, target, patch }] of entries.entries()) {
    const place = ["overlays", index];
    if ((path === undefined) === (patch === undefined)) {
      const message = "an overlay is either a path, or a target and a patch";
      throw invalid(profile, [{ path: place, message }]);
    }
    if (path !== undefined) overlays.push(await readFrom(path, { profile, index }));
    else {
      const { runbooks = [] } = target ?? {};
      overlays.push(makeOverlay({ runbooks, patch: { document: profile, path: [...place, "patch"] } }));
    }
  }
  return overlays;
}

async function readFrom(
  path: string,
  { profile, index }: { readonly profile: SourceDocument; readonly index: number },
): Promise<Overlay> {
  const file = resolve(dirname(profile.file), path);
  const refuse = (message: string): HopbookError =>
    invalid(profile, [{ path: ["overlays", index, "path"], message }]);
  return readOverlay(await readReferred(file, refuse));
}
