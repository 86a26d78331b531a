import {
  type Descriptor,
  formatPlatform,
  type ImageConfig,
  type Manifest,
  needsOf,
  type Repository,
  readImageConfig,
} from '@sampan/oci';
import { size } from '../clusters/print-clusters.ts';

type Row = readonly [head: string, value: string | undefined];

/** What there is to say of an image for people: what it runs, for which platforms, what refers to it. */
export async function imageRows(repository: Repository, manifest: Manifest): Promise<Row[]> {
  const { manifests, layers } = needsOf(manifest);
  const referrers = await repository.referrers(manifest.descriptor.digest);
  const config = await readImageConfig(repository, manifest);
  return [
    ['Platforms', manifests.flatMap(platformOf).join('\n')],
    ...(config ? configRows(config) : []),
    ['Layers', layers.map((layer) => `${layer.digest.slice(0, 19)} ${size(layer.size)}`).join('\n')],
    [
      'Referrers',
      referrers.map((one) => `${one.digest.slice(0, 19)} ${one.artifactType ?? one.mediaType}`).join('\n'),
    ],
  ];
}

const platformOf = ({ platform, digest }: Descriptor): string[] =>
  platform ? [`${formatPlatform(platform).padEnd(16)} ${digest.slice(0, 19)}`] : [];

function configRows({ platform, created, entrypoint, command, user, workingDir, ports }: ImageConfig): Row[] {
  return [
    ['Platform', platform && formatPlatform(platform)],
    ['Created', created],
    ['Entrypoint', quoted(entrypoint)],
    ['Command', quoted(command)],
    ['User', user],
    ['Folder', workingDir],
    ['Ports', ports.join(', ')],
  ];
}

/** As it could be typed. */
const quoted = (words: readonly string[]): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
