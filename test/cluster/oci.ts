import { createHash } from "node:crypto";
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { arch } from "node:os";
import { join } from "node:path";
import { run } from "./run.js";

export interface ImageSpec {
  /** `registry/name:tag`. */
  readonly name: string;
  /** Folder that becomes the one layer. */
  readonly rootDir: string;
  readonly command: readonly string[];
}

/** Writes an OCI archive with one layer, which `ctr images import` takes with no registry. */
export async function writeImage(spec: ImageSpec, archive: string): Promise<void> {
  const dir = mkdtempSync(`${archive}.`);
  try {
    const blobs = join(dir, "blobs", "sha256");
    mkdirSync(blobs, { recursive: true });
    const layer = join(dir, "layer.tar");
    const numeric = ["--sort=name", "--numeric-owner", "--mtime=@0"];
    await run(["tar", ...numeric, "-cf", layer, "-C", spec.rootDir, "."], { timeoutMs: 120_000 });
    const layerDigest = await digestOf(layer);
    const layerSize = statSync(layer).size;
    renameSync(layer, join(blobs, layerDigest));
    const put = (value: unknown): { digest: string; size: number } => {
      const text = JSON.stringify(value);
      const hex = createHash("sha256").update(text).digest("hex");
      writeFileSync(join(blobs, hex), text);
      return { digest: `sha256:${hex}`, size: Buffer.byteLength(text) };
    };
    const platform = { architecture: arch() === "x64" ? "amd64" : arch(), os: "linux" };
    const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const config = put({
      ...platform,
      config: { Env: [path], Cmd: spec.command },
      rootfs: { type: "layers", diff_ids: [`sha256:${layerDigest}`] },
      history: [{ created_by: "hopbook's test cluster" }],
    });
    const media = (kind: string): string => `application/vnd.oci.image.${kind}`;
    const manifest = put({
      schemaVersion: 2,
      mediaType: media("manifest.v1+json"),
      config: { mediaType: media("config.v1+json"), ...config },
      layers: [{ mediaType: media("layer.v1.tar"), digest: `sha256:${layerDigest}`, size: layerSize }],
    });
    const index = {
      schemaVersion: 2,
      mediaType: media("index.v1+json"),
      manifests: [
        {
          mediaType: media("manifest.v1+json"),
          ...manifest,
          platform,
          annotations: { "io.containerd.image.name": spec.name },
        },
      ],
    };
    writeFileSync(join(dir, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    writeFileSync(join(dir, "index.json"), JSON.stringify(index));
    const parts = ["oci-layout", "index.json", "blobs"];
    await run(["tar", ...numeric, "-cf", `${archive}.new`, "-C", dir, ...parts], { timeoutMs: 120_000 });
    renameSync(`${archive}.new`, archive);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
