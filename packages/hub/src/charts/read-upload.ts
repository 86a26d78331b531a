import type { HubRequest } from '../api/message.ts';
import { ChartError } from './chart-error.ts';
import { readMultipart } from './multipart.ts';

/** What ChartMuseum takes by default; charts are text, and large ones are pushed as OCI artifacts. */
const MOST_BYTES = 20 * 1024 * 1024;

interface Uploaded {
  readonly chart: Buffer | undefined;
  readonly prov: Buffer | undefined;
}

/** The fields of a form, or the body as the field `single`. @throws ChartError 400, 413 */
export async function readUpload(request: HubRequest, single: keyof Uploaded): Promise<Uploaded> {
  const body = await readBody(request);
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(type)) {
    return { chart: undefined, prov: undefined, [single]: body };
  }
  const fields = readMultipart(body, type);
  if (!fields) throw new ChartError(400, 'the form cannot be read');
  return { chart: fields.get('chart'), prov: fields.get('prov') };
}

async function readBody({ headers, body }: HubRequest): Promise<Buffer> {
  const tooLarge = () =>
    new ChartError(413, `more than ${MOST_BYTES} bytes: push large charts as OCI artifacts`);
  if (Number(headers['content-length'] ?? 0) > MOST_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
