import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, type TarEntry } from '@sampan/kubelet';
import { makeRoot } from './image-root.ts';
import { IMAGES, type ImageSource } from './images.ts';
import { upstreamFolder } from './upstream.ts';

/** Makes the archives that are not in `folder` yet. Returns the path of each image's by the image's name. */
export function buildImages(folder: string): ReadonlyMap<string, string> {
  mkdirSync(folder, { recursive: true });
  const archives = IMAGES.map((image): [string, string] => {
    const file = join(folder, `${archiveName(image)}.tar`);
    if (!existsSync(file)) {
      console.log(`Making ${image.name} …`);
      writeFileSync(file, archive(image));
    }
    return [image.name, file];
  });
  return new Map(archives);
}

/** Another one when the recipe or one of upstream's programs in it is another. */
function archiveName(image: ImageSource): string {
  const recipe = readFileSync(join(import.meta.dirname, 'image-root.ts'));
  const programs = Object.values(image.copy ?? {}).map((name) => join(upstreamFolder().programs, name));
  const sizes = programs.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  const hash = createHash('sha256')
    .update(JSON.stringify([image, sizes]))
    .update(recipe)
    .digest('hex');
  return `${image.name.replaceAll(/[^a-z0-9.]+/g, '-')}-${hash.slice(0, 12)}`;
}

function archive(image: ImageSource): Buffer {
  const root = mkdtempSync(join(tmpdir(), 'sampan-image-'));
  try {
    makeRoot(root, image);
    return buildImage({
      name: image.name,
      files: entriesOf(root),
      // so that two names never share one image: a status would tell the other's
      labels: { name: image.name },
      ...(image.entrypoint && { entrypoint: image.entrypoint }),
      ...(image.command && { command: image.command }),
      ...(image.user !== undefined && { user: image.user }),
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Of a folder, relative, folders before what is in them; devices are left out. */
function entriesOf(root: string, below = ''): TarEntry[] {
  return readdirSync(join(root, below))
    .toSorted()
    .flatMap((name) => {
      const path = below + name;
      const file = join(root, path);
      const stat = lstatSync(file);
      const mode = stat.mode & 0o7777;
      if (stat.isSymbolicLink()) return [{ path, linkTo: readlinkSync(file) }];
      if (stat.isFile()) return [{ path, content: readFileSync(file), mode }];
      if (!stat.isDirectory()) return [];
      // mkdir never sets this one
      const own = path === 'tmp' ? 0o1777 : mode;
      return [{ path: `${path}/`, mode: own }, ...entriesOf(root, `${path}/`)];
    });
}
