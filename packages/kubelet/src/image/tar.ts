import { tarEnd, tarHeader, tarPadding } from '@sampan/base';

export interface TarEntry {
  /** Relative, without a leading slash; a folder's ends with one. */
  readonly path: string;
  /** Absent: a folder. */
  readonly content?: Uint8Array;
  /** Permission bits; 0o755 for folders, 0o644 for files unless given. */
  readonly mode?: number;
  /** Makes a symbolic link. */
  readonly linkTo?: string;
}

/** A tar archive (POSIX.1-1988 ustar), owned by root, all times zero so that equal content gives equal bytes. */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  const chunks: Buffer[] = [];
  for (const { content, ...entry } of entries) {
    const isFolder = content === undefined && entry.linkTo === undefined;
    const path = isFolder && !entry.path.endsWith('/') ? `${entry.path}/` : entry.path;
    chunks.push(tarHeader({ ...entry, path, size: content?.length ?? 0 }));
    if (content) chunks.push(Buffer.from(content), tarPadding(content.length));
  }
  chunks.push(tarEnd());
  return Buffer.concat(chunks);
}
