import { homeLayout, readRunState } from '@sampan/home';
import { copyImage, openArchive, Registry, Transport } from '@sampan/oci';
import type { Sampan } from './sampan.ts';

/** Pushes the image of an archive to the registry of a home, as its administrator. `name`: `PROJECT/NAME:TAG`. */
export async function pushImage(sampan: Sampan, name: string, archive: Buffer): Promise<void> {
  const [repository = '', tag = ''] = name.split(':');
  const plain = new Transport();
  const { ca, cert, key } = sampan;
  const admin = new Transport({ ca, certificate: { cert, key } });
  try {
    const registry = new Registry({
      origin: new URL(`http://127.0.0.1:${hubPortOf(sampan)}`),
      transport: plain,
      tokens: { realm: new URL('/hub/token', sampan.url), transport: admin },
    });
    const source = await openArchive(archive);
    const image = await source.resolve('');
    await copyImage({ source, target: registry.repository(repository), image, tags: [tag] });
  } finally {
    plain.close();
    admin.close();
  }
}

/** Of the registry of a home that runs, on loopback. */
export function hubPortOf({ home }: Sampan): number {
  const port = readRunState(homeLayout(home))?.hubPort;
  if (port === undefined) throw new Error('the registry does not run');
  return port;
}
