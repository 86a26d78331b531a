import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCertificate } from '@sampan/machinery';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createGuestKeys,
  finishRotation,
  frontProxyOf,
  KEYS_FILE,
  readGuestKeys,
  revoke,
  startRotation,
} from './guest-keys.ts';

describe('the keys of a cluster', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sampan-keys-'));
    createGuestKeys(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const ANN = { user: 'ann', until: '2026-11-22T12:00:00.000Z' };
  const LATER = { user: 'ann', until: '2026-11-23T12:00:00.000Z' };
  const revoked = () => readGuestKeys(folder)?.revoked;

  it('remember certificates that ended early, whatever is asked for later, and over a rotation', () => {
    expect(revoked()).toEqual([]);
    expect(revoke(folder, [ANN])).toBe(true);
    expect(revoke(folder, [ANN])).toBe(false);
    expect(revoke(folder, [])).toBe(false);
    expect(revoke(folder, [LATER])).toBe(true);
    expect(revoke(folder, [ANN])).toBe(false);
    expect(revoked()).toEqual([LATER]);
    startRotation(folder);
    expect(revoked()).toEqual([LATER]);
    finishRotation(folder);
    expect(revoked()).toEqual([LATER]);
  });

  it('have one identity towards aggregated API servers until that ends soon, or the keys are new', () => {
    const first = frontProxyOf(folder);
    expect(frontProxyOf(folder)).toEqual(first);
    const { notAfter } = parseCertificate(first.certificate);
    const renewed = frontProxyOf(folder, notAfter - 24 * 3_600_000);
    expect(renewed.ca).not.toBe(first.ca);
    startRotation(folder);
    expect(readFileSync(join(folder, KEYS_FILE), 'utf8').includes('frontProxy')).toBe(false);
    expect(frontProxyOf(folder).ca).not.toBe(renewed.ca);
  });
});
