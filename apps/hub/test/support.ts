import { createHash } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@sampan/base';
import { hashPassword, MemoryDirectory } from '@sampan/hub';
import { type RunningHub, startHub } from '../src/start-hub.ts';

const PASSWORD = 'correct horse';

/** Of the one account, a maintainer of both projects. */
export const CREDENTIALS = `dev:${PASSWORD}`;

/** A hub with the projects `open` (public) and `closed`, and an image to push. */
export interface ClientTest extends AsyncDisposable {
  readonly folder: string;
  readonly hub: RunningHub;
  /** HOST:PORT */
  readonly host: string;
  /** An OCI layout whose one image is tagged `v1`. */
  readonly layout: string;
}

export async function startClientTest(): Promise<ClientTest> {
  const folder = await mkdtemp(join(tmpdir(), 'sampan-hub-'));
  const directory = new MemoryDirectory();
  directory.setAccount({ name: 'dev', hash: await hashPassword(PASSWORD), administrator: false });
  const members = [{ kind: 'User', name: 'dev', role: 'maintainer' }] as const;
  directory.setProject({ name: 'open', public: true, members });
  directory.setProject({ name: 'closed', public: false, members });
  const hub = await startHub({ folder: join(folder, 'hub'), port: 0, directory, logger: silentLogger });
  const layout = join(folder, 'layout');
  await writeLayout(layout);
  const dispose = async (): Promise<void> => {
    await hub.close();
    await rm(folder, { recursive: true });
  };
  return { folder, hub, host: new URL(hub.url).host, layout, [Symbol.asyncDispose]: dispose };
}

/** An OCI layout (image specification, "Image Layout") with one image of one layer. */
export async function writeLayout(layout: string): Promise<void> {
  const blobs = join(layout, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const add = async (mediaType: string, content: string | Buffer) => {
    const hex = createHash('sha256').update(content).digest('hex');
    await writeFile(join(blobs, hex), content);
    return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(content) };
  };
  // the smallest tar: two blocks of zeros, and padding so that it is no trifle
  const layer = await add('application/vnd.oci.image.layer.v1.tar', Buffer.alloc(1024 * 1024));
  const config = await add(
    'application/vnd.oci.image.config.v1+json',
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
      history: [{ created_by: 'test' }],
    }),
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = await add(
    mediaType,
    JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] }),
  );
  const tagged = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'v1' } };
  await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [tagged] }));
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

/** Whether these programs are here; says so where not. In CI they must be. */
export async function canRun(...programs: string[]): Promise<boolean> {
  const folders = (process.env.PATH ?? '').split(':');
  const lacks: string[] = [];
  for (const program of programs) {
    const tries = folders.map((folder) => access(join(folder, program), constants.X_OK));
    if (!(await Promise.allSettled(tries)).some(({ status }) => status === 'fulfilled')) lacks.push(program);
  }
  if (lacks.length === 0) return true;
  if (process.env.CI) throw new Error(`not here: ${lacks.join(', ')}`);
  console.warn(`not tested, for want of ${lacks.join(', ')}`);
  return false;
}
