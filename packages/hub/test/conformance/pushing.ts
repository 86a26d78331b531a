import type { TestClient } from '../support.ts';

/** A blob and the digest it is pushed under, which may be wrong. */
export interface Pushed {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digest: string;
}

/** Pushes a blob in one of the specification's ways; gives the last answer. */
export type Way = (client: TestClient, blob: Pushed) => Promise<Response>;

const BINARY = { 'content-type': 'application/octet-stream' };

/** An upload's next address; the registry may change it with every answer. */
export function locationOf(answer: Response): string {
  const location = answer.headers.get('location');
  if (location === null) throw new Error(`an answer of status ${answer.status} without Location`);
  return location;
}

export function withDigest(location: string, digest: string): string {
  return `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`;
}

export async function begin(client: TestClient): Promise<string> {
  const answer = await client.send('POST', 'blobs/uploads/', { headers: { 'content-length': '0' } });
  if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
  return locationOf(answer);
}

export const CHUNK = 1024;

/** A chunk of an upload from `start`, by PATCH or, as the last one, by PUT. */
export function sendChunk(
  client: TestClient,
  location: string,
  { bytes, digest }: Pushed,
  { start, last }: { readonly start: number; readonly last: boolean },
): Promise<Response> {
  const body = bytes.subarray(start, start + CHUNK);
  const headers = { ...BINARY, 'content-range': `${start}-${start + body.length - 1}` };
  return last
    ? client.send('PUT', withDigest(location, digest), { body, headers })
    : client.send('PATCH', location, { body, headers });
}

const finish = (client: TestClient, location: string, digest: string): Promise<Response> =>
  client.send('PUT', withDigest(location, digest), { headers: { ...BINARY, 'content-length': '0' } });

/** Chunks in order; `out` sends before each one that does not belong there, and asks where to go on. */
async function inChunks(
  client: TestClient,
  blob: Pushed,
  { putLast, out }: { readonly putLast: boolean; readonly out: boolean },
): Promise<Response> {
  let location = await begin(client);
  const size = blob.bytes.length;
  for (let start = 0; start < size; start += CHUNK) {
    if (out) location = await sendMisplaced(client, location, blob, { start, putLast });
    const last = putLast && start + CHUNK >= size;
    const answer = await sendChunk(client, location, blob, { start, last });
    if (last) return answer;
    const end = Math.min(start + CHUNK, size) - 1;
    if (answer.status !== 202 || answer.headers.get('range') !== `0-${end}`) {
      throw new Error(`chunk ${start}: ${answer.status}, range ${answer.headers.get('range')}`);
    }
    location = locationOf(answer);
  }
  return finish(client, location, blob.digest);
}

/** A chunk behind the next one, or the first again, is refused by 416 and changes nothing. */
async function sendMisplaced(
  client: TestClient,
  location: string,
  blob: Pushed,
  { start, putLast }: { readonly start: number; readonly putLast: boolean },
): Promise<string> {
  const wrong = start + CHUNK < blob.bytes.length ? start + CHUNK : 0;
  // one chunk alone cannot be misplaced
  if (wrong === start) return location;
  const last = putLast && wrong + CHUNK >= blob.bytes.length;
  const refused = await sendChunk(client, location, blob, { start: wrong, last });
  if (refused.status !== 416) throw new Error(`a misplaced chunk got ${refused.status}`);
  const status = await client.send('GET', location);
  const range = status.headers.get('range');
  if (status.status !== 204 || range !== `0-${Math.max(0, start - 1)}`) {
    throw new Error(`after a misplaced chunk at ${start}: ${status.status}, range ${range}`);
  }
  return locationOf(status);
}

export const WAYS: Readonly<Record<string, Way>> = {
  'POST only': (client, { bytes, digest }) =>
    client.send('POST', `blobs/uploads/?digest=${digest}`, { body: bytes, headers: BINARY }),
  'POST and PUT': async (client, { bytes, digest }) =>
    client.send('PUT', withDigest(await begin(client), digest), { body: bytes, headers: BINARY }),
  'one stream': async (client, { bytes, digest }) => {
    const body = new Blob([bytes]).stream();
    const sent = await client.send('PATCH', await begin(client), { body, headers: BINARY, duplex: 'half' });
    if (sent.status !== 202) return sent;
    return finish(client, locationOf(sent), digest);
  },
  chunks: (client, blob) => inChunks(client, blob, { putLast: false, out: false }),
  'chunks, the last by PUT': (client, blob) => inChunks(client, blob, { putLast: true, out: false }),
  'chunks, others misplaced': (client, blob) => inChunks(client, blob, { putLast: false, out: true }),
  'chunks, others misplaced, the last by PUT': (client, blob) =>
    inChunks(client, blob, { putLast: true, out: true }),
};
