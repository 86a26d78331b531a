import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SampanError } from '@sampan/base';
import type { HomeLayout } from './layout.ts';
import { isMissing } from './settings.ts';
import { writeFileSafely } from './write-file.ts';

const KEY_BYTES = 32;

/** The name with which a cluster logs in to the registry. */
export const clusterLogin = (cluster: string): string => `cluster+${cluster}`;

/**
 * The password with which a cluster's nodes pull from its project of the registry; kept nowhere, and another one for a
 * later cluster of the same name. `uid`: of the Cluster object; '' for the machine's own cluster. Throws
 * `hub-pull-key-invalid`.
 */
export function clusterPullPassword(home: HomeLayout, cluster: string, uid: string): string {
  return createHmac('sha256', ensurePullKey(home)).update(`cluster:${cluster}:${uid}`).digest('base64url');
}

/**
 * The key of these passwords; made where there is none, which the server does before anybody else reads it. Throws
 * `hub-pull-key-invalid`.
 */
export function ensurePullKey(home: HomeLayout): Buffer {
  const text = readKeyFile(home) ?? makeKeyFile(home);
  const key = Buffer.from(text.trim(), 'base64url');
  if (key.length === KEY_BYTES) return key;
  throw new SampanError('hub-pull-key-invalid', `${home.hub.pullKey} holds no key of ${KEY_BYTES} bytes.`, {
    hint: 'Remove it and start Sampan again: clusters get new passwords by themselves.',
  });
}

function makeKeyFile(home: HomeLayout): string {
  const text = randomBytes(KEY_BYTES).toString('base64url');
  writeFileSafely(home.hub.pullKey, text);
  return text;
}

function readKeyFile(home: HomeLayout): string | undefined {
  try {
    return readFileSync(home.hub.pullKey, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
