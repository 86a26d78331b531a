import { buffer } from 'node:stream/consumers';
import { OciError } from '../errors.ts';
import type { ContentSource } from './content.ts';
import { isJsonObject, type Platform } from './descriptor.ts';
import { type Manifest, needsOf, parseObject } from './manifest.ts';
import { verified } from './verified.ts';

/** What an image says of itself (image specification, "Image Configuration"); what it does not say is absent. */
export interface ImageConfig {
  readonly platform: Platform | undefined;
  /** RFC 3339. */
  readonly created: string | undefined;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string | undefined;
  readonly workingDir: string | undefined;
  /** As `8080/tcp`. */
  readonly ports: readonly string[];
}

const MAX_BYTES = 8 << 20;

/** undefined: it is no image of a container but another artifact, or an index. Throws OciErrors. */
export async function readImageConfig(
  source: ContentSource,
  manifest: Manifest,
): Promise<ImageConfig | undefined> {
  const { config } = needsOf(manifest);
  if (!config || !/\.(?:image\.config|container\.image)\.v1\+json$/.test(config.mediaType)) return undefined;
  if (config.size > MAX_BYTES)
    throw new OciError('oci-manifest-invalid', `${config.digest} is too large for a config.`);
  const bytes = verified(config, (await source.blob(config, 0)) as AsyncIterable<Buffer>);
  const body = parseObject(await buffer(bytes), config.digest);
  const inner = isJsonObject(body.config) ? body.config : {};
  const { os, architecture, variant } = body;
  return {
    platform: os && architecture ? platformOf(os, architecture, variant) : undefined,
    created: text(body.created),
    entrypoint: texts(inner.Entrypoint),
    command: texts(inner.Cmd),
    user: text(inner.User),
    workingDir: text(inner.WorkingDir),
    ports: isJsonObject(inner.ExposedPorts) ? Object.keys(inner.ExposedPorts) : [],
  };
}

const platformOf = (os: unknown, architecture: unknown, variant: unknown): Platform => ({
  os: String(os),
  architecture: String(architecture),
  ...(typeof variant === 'string' && variant !== '' ? { variant } : {}),
});

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
