import { createHash } from 'node:crypto';
import { type TarEntry, tarArchive } from './tar.ts';

export interface ImagePlan {
  /** With registry and tag: `sampan.local/pause:1`. */
  readonly name: string;
  /** One layer. */
  readonly files: readonly TarEntry[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  /** As `NAME=value`. */
  readonly env?: readonly string[];
  /** Number or name; absent: root. */
  readonly user?: string;
  readonly workingDir?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar';

/** The same for all, so that equal plans give equal bytes. */
const CREATED = '1970-01-01T00:00:00Z';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * An image from files, without a registry, as a tar archive of an OCI image layout (image-spec v1, image-layout.md) for
 * `importImage`. For this machine's architecture; equal plans give equal bytes.
 */
export function buildImage(plan: ImagePlan): Buffer {
  const layer = tarArchive(plan.files);
  const config = json({
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    created: CREATED,
    config: {
      Entrypoint: plan.entrypoint,
      Cmd: plan.command,
      Env: plan.env ?? ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      User: plan.user,
      WorkingDir: plan.workingDir,
      Labels: plan.labels,
    },
    rootfs: { type: 'layers', diff_ids: [digest(layer)] },
    // may be left out, but then buildah does not build upon what was built upon this: it counts layers by it
    history: [{ created: CREATED, created_by: 'sampan' }],
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor(CONFIG, config),
    layers: [descriptor(LAYER, layer)],
  });
  const index = json({
    schemaVersion: 2,
    manifests: [
      { ...descriptor(MANIFEST, manifest), annotations: { 'io.containerd.image.name': plan.name } },
    ],
  });
  return tarArchive([
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', content: index },
    ...[layer, config, manifest].map((content) => ({
      path: `blobs/sha256/${digest(content).slice('sha256:'.length)}`,
      content,
    })),
  ]);
}

function descriptor(mediaType: string, content: Uint8Array) {
  return { mediaType, digest: digest(content), size: content.length };
}

function digest(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
