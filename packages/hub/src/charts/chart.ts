import { type BlobStore, BlobUnknownError, type Digest } from '@sampan/blobs';
import type { Descriptor } from '../manifests/descriptor.ts';
import type { Manifest } from '../manifests/read-manifest.ts';
import { CHART_CONFIG, CHART_CONTENT, CHART_PROVENANCE } from './media-types.ts';
import { readMetadata, tagOfVersion } from './metadata.ts';

/** A chart as an index lists it. */
export interface Chart {
  readonly name: string;
  readonly version: string;
  readonly tag: string;
  readonly file: string;
  readonly content: Digest;
  readonly provenance: Digest | undefined;
  readonly entry: string;
}

const MAX_CONFIG_BYTES = 1024 * 1024;

/** The chart that a manifest is; undefined: none, or none that Helm would read. Its blobs may not be there. */
export async function chartOf(blobs: BlobStore, manifest: Manifest): Promise<Chart | undefined> {
  const [config, ...layers] = manifest.blobs;
  if (config?.mediaType !== CHART_CONFIG || config.size > MAX_CONFIG_BYTES) return undefined;
  const content = find(layers, CHART_CONTENT);
  if (!content) return undefined;
  const metadata = readMetadata(await readJson(blobs, config));
  if (typeof metadata === 'string') return undefined;
  const { name, version, fields } = metadata;
  return {
    name,
    version,
    tag: tagOfVersion(version),
    file: `${name}-${version}`,
    content,
    provenance: find(layers, CHART_PROVENANCE),
    entry: entryOf(fields, `${name}-${version}`, content),
  };
}

const find = (layers: readonly Descriptor[], wanted: string): Digest | undefined =>
  layers.find(({ mediaType }) => mediaType === wanted)?.digest;

async function readJson(blobs: BlobStore, { digest, size }: Descriptor): Promise<unknown> {
  const stored = await blobs.stat(digest);
  if (stored?.size !== size) return undefined;
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of (await blobs.read(digest)).stream) chunks.push(chunk as Uint8Array);
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (thrown) {
    // who pushes may push what Helm cannot read; it is not listed. Or it was garbage, and goes just now
    if (thrown instanceof SyntaxError || thrown instanceof BlobUnknownError) return undefined;
    throw thrown;
  }
}

/** Letters that JSON has as they are and YAML does not (YAML 1.2, "Character Set"): readers take the index for either. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

const escaped = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Open at its end, for what is not of the chart but of its listing. */
function entryOf(fields: object, file: string, content: Digest): string {
  const [algorithm, hex] = content.split(':');
  const digest = algorithm === 'sha256' ? { digest: hex } : {};
  const text = JSON.stringify({ ...fields, ...digest, urls: [`${file}.tgz`] });
  return text.slice(0, -1).replaceAll(UNPRINTABLE, escaped);
}
