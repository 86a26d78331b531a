import { messageOf, SampanError } from '@sampan/base';
import type { GuestSettings } from '@sampan/clusters';

/** Why a cluster cannot be opened. */
export interface Failure {
  /** Of what was the matter. */
  readonly code: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** What callers are told. */
  readonly error: SampanError;
}

/** After a failure that may pass, requests do not try again sooner. */
const RETRY_MS = 2000;
/** Failures that do not pass by themselves: the cluster is left alone until somebody asks for something. */
const LASTING = [
  'store-corrupt',
  'store-too-new',
  'guest-too-new',
  'guest-held',
  'guest-upgrade-failed',
  'guest-keys-invalid',
  'guest-record-invalid',
];

export function failureOf(name: string, error: unknown, now: number): Failure {
  const { code, hint } = error instanceof SampanError ? error : { code: 'guest-failed', hint: undefined };
  const message = messageOf(error);
  return {
    code,
    message,
    at: now,
    error: new SampanError('guest-failed', `The cluster ${name} cannot be opened: ${message}`, {
      hint: hint ?? 'Restore it from a backup.',
      cause: error,
    }),
  };
}

/** Whether a request may try again. */
export const mayPass = ({ code, at }: Failure, now: number): boolean =>
  !LASTING.includes(code) && now - at >= RETRY_MS;

/** Whether it serves nothing by its owner's will. */
export const sleeps = ({ paused, isDeleted }: GuestSettings): boolean => paused || isDeleted;

/** Throws `guest-paused`, `guest-deleted`. */
export function assertServes(name: string, { paused, isDeleted }: GuestSettings): void {
  if (isDeleted)
    throw new SampanError('guest-deleted', `The cluster ${name} is in the trash.`, {
      hint: `Have it back: sampan cluster undelete ${name}`,
    });
  if (paused)
    throw new SampanError('guest-paused', `The cluster ${name} is paused.`, {
      hint: `Have it go on: sampan cluster resume ${name}`,
    });
}

export const missing = (name: string): SampanError =>
  new SampanError('guest-missing', `There is no cluster ${JSON.stringify(name)}.`);

export const held = (name: string, release: string): SampanError =>
  new SampanError(
    'guest-held',
    `The cluster ${name} is not upgraded to ${release}: that failed, or was taken back.`,
    { hint: `Try again: sampan cluster upgrade ${name}. Or start the former release.` },
  );

export const noRollback = (name: string): SampanError =>
  new SampanError('guest-no-rollback', `Nothing is kept of what the cluster ${name} was before.`, {
    hint: 'What was there before an upgrade or a restore is kept for a day. Restore a backup instead.',
  });

export const upgradeFailed = (name: string, release: string, cause: unknown): SampanError =>
  new SampanError(
    'guest-upgrade-failed',
    `The cluster ${name} cannot be upgraded to ${release}: ${messageOf(cause)}`,
    { hint: 'Nothing of it has changed: start the former release, or try the upgrade again.', cause },
  );
