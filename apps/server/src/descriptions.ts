import { fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Descriptions } from '@sampan/api';
import { isMissing } from '@sampan/home';

/** Beside the bundle; from sources, where `make build` writes it. */
const PLACES = [
  'api-descriptions.json',
  '../../build/api-descriptions.json',
  '../../../build/api-descriptions.json',
];

/**
 * The doc texts of the API. The file is opened now, while this process may still reach it, and read when first
 * asked for: few clients do. Undefined: they were not built, and documents carry no descriptions.
 */
export function openDescriptions(): (() => Descriptions) | undefined {
  const handle = openFirst(PLACES.map((place) => join(import.meta.dirname, place)));
  if (handle === undefined) return undefined;
  return () => JSON.parse(readWhole(handle)) as Descriptions;
}

/** May be called again. */
function readWhole(handle: number): string {
  const bytes = Buffer.alloc(fstatSync(handle).size);
  let length = 0;
  for (let read = -1; read !== 0; length += read) {
    read = readSync(handle, bytes, length, bytes.length - length, length);
  }
  return bytes.toString('utf8', 0, length);
}

function openFirst(files: readonly string[]): number | undefined {
  for (const file of files) {
    try {
      return openSync(file, 'r');
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return undefined;
}
