import type { Digest } from '@sampan/blobs';
import type { Call } from '../api/call.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { sourceOf } from '../events/source.ts';
import type { Reader } from '../metadata/repositories.ts';
import type { Project } from '../projects/directory.ts';
import { hasContent, readUsage } from './usage.ts';

/** What was refused for want of space, as far as it is known. */
export interface Refused {
  readonly digest?: Digest | undefined;
  readonly mediaType?: string | undefined;
  readonly artifactType?: string | undefined;
  /** Bytes; undefined: it broke off when it was too many. */
  readonly size: number | undefined;
}

interface Sized extends Refused {
  readonly size: number;
}

/** A push that the quota of its project has no room for; nothing of it is kept. */
export class QuotaExceededError extends RegistryError {
  readonly refused: Refused;
  /** Bytes that the project has without it, and may have. */
  readonly quota: { readonly used: number; readonly limit: number };

  constructor(project: string, refused: Refused, quota: { readonly used: number; readonly limit: number }) {
    const { used, limit } = quota;
    super(
      'DENIED',
      `project ${project} has ${inWords(used)} of ${inWords(limit)}, ` +
        `${refused.size === undefined ? 'the upload is' : `${inWords(refused.size)} more are`} too much`,
    );
    this.name = 'QuotaExceededError';
    this.refused = refused;
    this.quota = quota;
  }
}

/** Tells of a push that was refused. */
export function tellExceeded(call: Call, { refused, quota }: QuotaExceededError): void {
  const { digest = '', mediaType = '', artifactType, size = 0 } = refused;
  const what = { repository: call.repository, digest, mediaType, artifactType, size, quota };
  call.parts.events.tell({ type: 'quota', ...what, ...sourceOf(call) });
}

/** Bytes that the project may still get; undefined: as many as fit. 0 also where a lowered quota is exceeded. */
export async function roomIn(from: Reader, project: Project | undefined): Promise<number | undefined> {
  if (project?.quotaBytes === undefined) return undefined;
  return Math.max(0, project.quotaBytes - (await readUsage(from, project.name)));
}

/**
 * Whether something new fits, asked before it is there; what the project has already always fits.
 * @throws QuotaExceededError
 */
export async function requireRoom(from: Reader, project: Project | undefined, refused: Sized): Promise<void> {
  const room = await roomIn(from, project);
  if (!project || room === undefined || refused.size <= room) return;
  if (refused.digest && (await hasContent(from, project.name, refused.digest))) return;
  throw await exceeded(from, project, refused);
}

/**
 * Whether the project is within its quota now that something is counted, in the transaction that counted it. Only for
 * what grew it: a quota that was lowered below what is there refuses what is new, not what is there.
 * @throws QuotaExceededError
 */
export async function requireWithin(from: Reader, project: Project | undefined, added: Sized): Promise<void> {
  if (project?.quotaBytes === undefined) return;
  const used = await readUsage(from, project.name);
  if (used <= project.quotaBytes) return;
  throw new QuotaExceededError(project.name, added, {
    used: Math.max(0, used - added.size),
    limit: project.quotaBytes,
  });
}

async function exceeded(from: Reader, project: Project, refused: Refused): Promise<QuotaExceededError> {
  const limit = project.quotaBytes ?? 0;
  return new QuotaExceededError(project.name, refused, { used: await readUsage(from, project.name), limit });
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** Three digits and a unit of a power of 1000, rounded down. */
function inWords(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  if (power === 0) return `${bytes} bytes`;
  const value = bytes / 1000 ** power;
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${(Math.floor(value * 10 ** digits) / 10 ** digits).toFixed(digits)} ${UNITS[power]}`;
}
