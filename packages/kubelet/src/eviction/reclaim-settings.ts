import { Quantity, SampanError } from '@sampan/base';
import type { ImageCollectorConfig } from '../garbage/image-collector.ts';
import type { EvictionConfig } from './eviction-manager.ts';
import { SIGNALS, type Signal } from './signals.ts';
import type { Threshold } from './thresholds.ts';

/** When a node frees memory and disk, where it is not as by default. */
export interface ReclaimSettings {
  readonly eviction: Partial<EvictionConfig>;
  readonly images: Partial<ImageCollectorConfig>;
}

const FIELDS: ReadonlySet<string> = new Set([
  'evictionHard',
  'evictionSoft',
  'evictionSoftGracePeriod',
  'evictionMaxPodGracePeriod',
  'evictionPressureTransitionPeriod',
  'imageGCHighThresholdPercent',
  'imageGCLowThresholdPercent',
  'imageMinimumGCAge',
]);

type Given = Readonly<Record<string, unknown>>;

/**
 * From the text of a file with these fields of a KubeletConfiguration (kubelet.config.k8s.io/v1beta1); undefined: no
 * file. As upstream, `evictionHard` replaces all hard thresholds. Throws `kubelet-settings-invalid`.
 */
export function parseReclaimSettings(text: string | undefined): ReclaimSettings {
  if (text === undefined) return { eviction: {}, images: {} };
  const given = objectOf(parse(text), 'the file');
  const unknown = Object.keys(given).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) throw invalid(`"${unknown}" is not known`);
  const thresholds = [...hard(given), ...soft(given)];
  const hasThresholds = given.evictionHard !== undefined || given.evictionSoft !== undefined;
  const transitionMs = duration(given, 'evictionPressureTransitionPeriod');
  const [highPercent, lowPercent] = [
    percent(given, 'imageGCHighThresholdPercent'),
    percent(given, 'imageGCLowThresholdPercent'),
  ];
  const minAgeMs = duration(given, 'imageMinimumGCAge');
  if ((lowPercent ?? 80) > (highPercent ?? 85))
    throw invalid('"imageGCLowThresholdPercent" is above "imageGCHighThresholdPercent"');
  return {
    eviction: { ...(hasThresholds && { thresholds }), ...(transitionMs !== undefined && { transitionMs }) },
    images: {
      ...(highPercent !== undefined && { highPercent }),
      ...(lowPercent !== undefined && { lowPercent }),
      ...(minAgeMs !== undefined && { minAgeMs }),
    },
  };
}

function hard(given: Given): readonly Threshold[] {
  return given.evictionHard === undefined ? [] : thresholdsOf(given, 'evictionHard');
}

/** Each needs a grace. */
function soft(given: Given): readonly Threshold[] {
  if (given.evictionSoft === undefined) return [];
  const graces = objectOf(given.evictionSoftGracePeriod ?? {}, '"evictionSoftGracePeriod"');
  const podGraceSeconds = given.evictionMaxPodGracePeriod ?? 0;
  if (!Number.isSafeInteger(podGraceSeconds) || Number(podGraceSeconds) < 0)
    throw invalid('"evictionMaxPodGracePeriod" must be a number of seconds');
  return thresholdsOf(given, 'evictionSoft').map((threshold) => {
    const graceMs = duration(graces, threshold.signal);
    if (graceMs === undefined) throw invalid(`"evictionSoftGracePeriod" must have "${threshold.signal}"`);
    return { ...threshold, graceMs, podGraceSeconds: Number(podGraceSeconds) };
  });
}

function thresholdsOf(given: Given, field: string): Threshold[] {
  return Object.entries(objectOf(given[field], `"${field}"`)).map(([signal, value]) => {
    if (!Object.hasOwn(SIGNALS, signal)) throw invalid(`"${field}.${signal}" is no signal that is looked at`);
    return { signal: signal as Signal, least: amount(value, `"${field}.${signal}"`) };
  });
}

function amount(value: unknown, where: string): Threshold['least'] {
  const text = typeof value === 'string' ? value : '';
  if (/^\d+(\.\d+)?%$/.test(text) && Number.parseFloat(text) <= 100) return text as `${number}%`;
  const bytes = Quantity.tryParse(text)?.value();
  if (bytes === undefined || bytes < 0) throw invalid(`${where} must be a quantity or a percentage`);
  return bytes;
}

function percent(given: Given, field: string): number | undefined {
  const value = given[field];
  if (value === undefined) return undefined;
  if (!Number.isInteger(value) || Number(value) < 0 || Number(value) > 100)
    throw invalid(`"${field}" must be a whole number from 0 to 100`);
  return Number(value);
}

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** In milliseconds. */
function duration(given: Given, field: string): number | undefined {
  const value = given[field];
  if (value === undefined) return undefined;
  const text = typeof value === 'string' ? value : '';
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$|^0$/.test(text))
    throw invalid(`"${field}" must be a duration like "5m0s"`);
  return [...text.matchAll(/([\d.]+)(h|ms|m|s)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0),
    0,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function objectOf(value: unknown, what: string): Given {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Given;
  throw invalid(`${what} must be an object`);
}

function invalid(reason: string): SampanError {
  return new SampanError('kubelet-settings-invalid', `the settings of the node cannot be read: ${reason}`, {
    hint: "Mend node/kubelet.json in the home, or remove it: the defaults are upstream's.",
  });
}
