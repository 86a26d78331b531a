/** How many requests a second a registry answers: manifests by tag, and the list of very many tags. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeBlob, pushBlob } from './blobs.ts';
import { RawConnection } from './raw-connection.ts';
import type { BenchedRegistry } from './registries.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const TAGGED = 'bench/tags';
const SCRIPT = join(import.meta.dirname, 'tags.lua');

/** An image, and that many tags of it, named `t1` and so on. */
export async function pushTags(registry: BenchedRegistry, count: number): Promise<void> {
  const connection = new RawConnection(registry.port);
  const layer = makeBlob(1000);
  await pushBlob(connection, registry, layer, TAGGED);
  const described = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layer.digest, size: 1000 };
  const config = { ...described, mediaType: 'application/vnd.oci.image.config.v1+json' };
  const image = { schemaVersion: 2, mediaType: MANIFEST, config, layers: [described] };
  const body = Buffer.from(JSON.stringify(image));
  const headers = { ...registry.headers, 'content-type': MANIFEST };
  const connections = [connection, ...Array.from({ length: 7 }, () => new RawConnection(registry.port))];
  let next = 1;
  const work = connections.map(async (one) => {
    while (next <= count) {
      const path = `/v2/${TAGGED}/manifests/t${next++}`;
      const put = await one.request('PUT', path, headers, { length: body.length, pieces: [body] });
      if (put.status !== 201) throw new Error(`a tag was answered by ${put.status}`);
    }
    one.close();
  });
  await Promise.all(work);
}

/** Requests a second over 32 connections. */
export const manifestRate = (registry: BenchedRegistry, tags: number, seconds: number): Promise<number> =>
  rateOf(registry, 32, seconds, ['manifests', TAGGED, String(tags)]);

/** Lists of all tags a second, over four connections. */
export const tagListRate = (registry: BenchedRegistry, seconds: number): Promise<number> =>
  rateOf(registry, 4, seconds, ['list', TAGGED, '0']);

async function rateOf(
  { port, headers }: BenchedRegistry,
  connections: number,
  seconds: number,
  script: readonly string[],
): Promise<number> {
  const all = { ...headers, accept: MANIFEST };
  const lines = Object.entries(all).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const { stdout } = await promisify(execFile)('wrk', [
    ...['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', ...lines, '-s', SCRIPT],
    ...[`http://127.0.0.1:${port}`, '--', ...script],
  ]);
  const failed = /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1];
  const rate = Number(/^Requests\/sec:\s+([\d.]+)/m.exec(stdout)?.[1]);
  if (failed !== undefined || !(rate > 0)) throw new Error(`wrk says: ${stdout}`);
  return rate;
}
