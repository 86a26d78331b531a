import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildImage } from '@sampan/kubelet';

export interface TestRegistry {
  readonly url: string;
  /** Paths that were asked for with the right login. */
  readonly served: string[];
  close(): void;
}

/** A registry on loopback (OCI distribution-spec v1.1, pull only) with one image, for whoever has the login. */
export async function startRegistry(image: string, login: string): Promise<TestRegistry> {
  const { manifest, blobs } = unpack(
    buildImage({ name: image, files: [{ path: 'a', content: Buffer.from(image) }] }),
  );
  const expected = `Basic ${Buffer.from(login).toString('base64')}`;
  const served: string[] = [];
  const server = createServer((request, response) => {
    if (request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
      return;
    }
    const path = (request.url ?? '').split('?')[0] ?? '';
    served.push(path);
    const digest = /sha256:([0-9a-f]{64})$/.exec(path)?.[1];
    const content = blobs.get(digest ?? manifest);
    const isManifest = path.includes('/manifests/');
    if (!content) {
      response.writeHead(404).end();
      return;
    }
    const type = isManifest ? 'application/vnd.oci.image.manifest.v1+json' : 'application/octet-stream';
    response.writeHead(200, {
      'content-type': type,
      'content-length': content.length,
      'docker-content-digest': `sha256:${digest ?? manifest}`,
    });
    response.end(request.method === 'HEAD' ? undefined : content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, served, close };
}

const BLOCK = 512;

/** The blobs of an image layout by digest, and which of them is the manifest. */
function unpack(archive: Buffer): { manifest: string; blobs: Map<string, Buffer> } {
  const blobs = new Map<string, Buffer>();
  let manifest = '';
  for (let at = 0; archive[at]; ) {
    const name = archive.toString('latin1', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 136), 8);
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (name === 'index.json') {
      const index = JSON.parse(content.toString('utf8')) as { manifests: { digest: string }[] };
      manifest = index.manifests[0]?.digest.slice('sha256:'.length) ?? '';
    } else if (name.startsWith('blobs/')) blobs.set(name.slice('blobs/sha256/'.length), content);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return { manifest, blobs };
}
