import { Readable } from 'node:stream';
import { digestOf } from '@sampan/blobs';
import type { Descriptor } from '../manifests/descriptor.ts';
import type { ChartCall } from './chart-call.ts';

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

interface NewChart {
  readonly repository: string;
  readonly tag: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** Pushes a blob as the caller, by all rules that hold for pushes. */
export async function pushBlob(
  call: ChartCall,
  repository: string,
  mediaType: string,
  bytes: Buffer,
): Promise<Descriptor> {
  const digest = digestOf(bytes);
  const query = new URLSearchParams({ digest });
  const place = { repository, reference: '', query };
  await call.run({ operation: 'startUpload', action: 'push', ...place, ...sending(call, bytes) });
  return { mediaType, digest, size: bytes.length };
}

/** Pushes the manifest of a chart as Helm writes it, under its version's tag. */
export async function pushChart(call: ChartCall, chart: NewChart): Promise<void> {
  const { repository, tag, config, layers, annotations } = chart;
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers, annotations };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const place = { repository, reference: tag, query: new URLSearchParams() };
  await call.run({
    operation: 'putManifest',
    action: 'push',
    ...place,
    ...sending(call, bytes, OCI_MANIFEST),
  });
}

/** The client's request with another body. */
function sending({ request, caller }: ChartCall, bytes: Buffer, type = 'application/octet-stream') {
  const length = { 'content-type': type, 'content-length': String(bytes.length) };
  const headers = { 'user-agent': request.headers['user-agent'], ...length };
  return { request: { ...request, headers, body: Readable.from([bytes]) }, caller };
}
